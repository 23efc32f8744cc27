import { z } from "zod";
import { httpUrl } from "../places.ts";
import {
  absolutePath,
  bucketName,
  hostKey,
  hostNameOrAddress,
  keyPrefix,
  port,
  s3Region,
  switchOn,
  userName,
  whole,
} from "../values.ts";

/** Snapshots of etcd. 30 minutes is what KubeOne's add-on and KubeKey's timer take; kops takes 15, RKE2 12 hours. */
export const backupSchema = z
  .strictObject({
    enabled: switchOn("Take snapshots on a timer."),
    intervalMinutes: whole(1, 10080)
      .default(30)
      .describe("How often each etcd host takes a snapshot of its member; what a restore may lose at most."),
    keep: whole(1, 10_000)
      .default(48)
      .describe("How many snapshots each place keeps of each host, the newest ones. 48 is a day at every 30 minutes."),
    maximumMebibytes: whole(64, 10_000_000)
      .default(10_240)
      .describe(
        "How large the snapshots that each place keeps of each host may be together; the oldest go first. The newest stays.",
      ),
    directory: absolutePath
      .default("/var/backups/ha-kubernetes")
      .describe(
        "Where each etcd host keeps its snapshots: a directory of its own, empty or not there before the first up, on a disk with room for `maximumMebibytes`.",
      ),
    drill: switchOn("Once a day, restore the newest snapshot into a scratch etcd on the host and compare."),
    copyToDirectory: absolutePath
      .optional()
      .describe(
        "A directory on another filesystem, such as an NFS mount, to copy each snapshot to; the user etcd must be able to write there. By default none.",
      ),
    copyToSsh: z
      .strictObject({
        host: hostNameOrAddress.describe("Name or address of the host to copy to."),
        port: port.default(22).describe("TCP port of its sshd."),
        user: userName.describe("Who to log in as; SFTP is enough. The key is the stack's secret backupSshPrivateKey."),
        directory: absolutePath.describe("An existing directory there."),
        hostKey: hostKey.describe("Its public host key, one line as in authorized_keys; no other one is spoken to."),
      })
      .optional()
      .describe("A host to copy each snapshot to, by SFTP. By default none."),
    copyToS3: z
      .strictObject({
        bucket: bucketName.describe("An existing bucket."),
        region: s3Region.describe("Its region, which signatures name."),
        prefix: keyPrefix.default("etcd").describe("What objects' keys begin with, before a slash and the file's name."),
        endpoint: httpUrl
          .optional()
          .describe("Where another store speaks S3, the bucket's name in the path. By default S3's own of the region."),
      })
      .optional()
      .describe(
        "A bucket to copy each snapshot to, with the credential of the host's own instance role. The bucket's lifecycle rules decide how long copies are kept: hosts delete nothing. By default the bucket that the provider makes, if it makes one.",
      ),
  })
  .prefault({})
  .describe("Snapshots of etcd on every etcd host. They hold every Secret of the cluster.");
