import { z } from "zod";
import { authorityCertificates, imageRepository, pinnedImage } from "../places.ts";
import { line, localPath, oneOf } from "../values.ts";

/** Where hosts take binaries and images from. */
export const artifactsSchema = z
  .strictObject({
    source: oneOf(["official", "mirror", "bundle"])
      .default("official")
      .describe(
        "official: the projects' own URLs. mirror: the same file names below one URL. bundle: a folder on each host, made by `npm run bundle`. The lab always uses a bundle.",
      ),
    location: line
      .min(1, { error: "a URL for a mirror, an absolute path for a bundle" })
      .optional()
      .describe("The mirror's URL, or the folder on the hosts (default /var/cache/ha-kubernetes/bundle)."),
    manifest: localPath
      .optional()
      .describe(
        "Path, on the machine that runs this program, of the bundle's manifest.json. Required for bundle and for a mirror of one.",
      ),
    ca: authorityCertificates
      .optional()
      .describe(
        "What the mirror's certificate, or that of the projects' sites, is verified with, beside the authorities that the hosts trust: PEM text, or the path of a file on every host. By default nothing more.",
      ),
    imageRepository: imageRepository
      .optional()
      .describe(
        "A repository of your own with every image of the cluster and its add-ons, by its last name: registry.k8s.io/coredns/coredns is coredns in it. Copies keep their digests. By default each comes from its project's registry.",
      ),
    extraImages: z
      .array(pinnedImage)
      .default([])
      .describe(
        "Images of your own that every node has before a pod needs them, such as those of `addons.custom`: from the bundle, else pulled by digest. By default none.",
      ),
  })
  .prefault({})
  .describe("Where hosts take binaries and images from. Each file's SHA-256 is checked on the host.");
