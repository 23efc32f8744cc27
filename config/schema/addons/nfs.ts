import { z } from "zod";
import { absolutePath, dnsLabel, hostNameOrAddress, matching, oneOf, onOff, whole } from "../../values.ts";

/** One option of a mount: the comma between options is written by the program. */
const mountOption = matching(/^[a-z0-9_]+(=[^\s,]+)?$/i, "one option of a mount such as nfsvers=4.1");

const server = hostNameOrAddress.describe("The NFS server: an address, or a name that every host can resolve.");
const share = absolutePath.describe("The exported path on that server, such as /srv/kubernetes.");
const mountOptions = z
  .array(mountOption)
  .default(["nfsvers=4.1", "hard"])
  .describe(
    "Options of the mount. The default is NFS 4.1, and `hard`: while the server is away, programs wait and no write is lost.",
  );

const classSchema = z
  .strictObject({
    server,
    share,
    mountOptions,
    default: onOff.default(false).describe("Make it the class of claims that name none."),
    reclaimPolicy: oneOf(["Delete", "Retain"])
      .default("Delete")
      .describe("What becomes of a volume whose claim is deleted: its folder on the server goes, or stays."),
    onDelete: oneOf(["delete", "archive", "retain"])
      .default("delete")
      .describe("With reclaimPolicy Delete: the folder is deleted, renamed to archived-NAME, or left as it is."),
    folderMode: matching(/^0?[0-7]{3}$/, 'a mode in octal digits and in quotes, such as "0777"')
      .default("0777")
      .describe("Mode of the folder of a new volume. The default lets pods of any user write."),
  })
  .describe("A StorageClass of the CSI driver for NFS: each volume is a folder of its own in the share.");

const volumeSchema = z
  .strictObject({
    server,
    share,
    mountOptions,
    sizeGibibytes: whole(1, 1_048_576)
      .default(10)
      .describe("What claims compare with the size that they ask for. NFS itself limits nothing by it."),
    accessModes: z
      .array(oneOf(["ReadWriteMany", "ReadWriteOnce", "ReadOnlyMany"]))
      .min(1, { error: "at least one mode" })
      .default(["ReadWriteMany"])
      .describe("How it may be mounted."),
    claim: matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "NAMESPACE/NAME of a claim")
      .optional()
      .describe("NAMESPACE/NAME of the only claim that may have it. By default any claim with its storageClassName, `nfs`."),
  })
  .describe("A PersistentVolume of the share itself, which kubelets mount. It stays when its claim is deleted.");

/** Volumes of NFS servers. */
export const nfsSchema = z
  .strictObject({
    classes: z
      .record(dnsLabel, classSchema)
      .default({})
      .describe("Storage classes by name. Any of them installs csi-driver-nfs. By default none."),
    volumes: z
      .record(dnsLabel, volumeSchema)
      .default({})
      .describe("PersistentVolumes by name. These need nothing but the client on the nodes. By default none."),
  })
  .optional()
  .describe("Volumes of NFS servers. Every node gets the distribution's NFS client. By default none. See docs/storage.md.");

export type Nfs = NonNullable<z.output<typeof nfsSchema>>;
