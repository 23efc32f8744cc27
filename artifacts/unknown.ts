import { type LockedImage, lockedImage } from "./images.ts";
import type { Architecture, LockedFile, Versions } from "./lock.ts";

// Files and images whose official hash nobody has published, or looked up yet.

/** A file or an image without a known official hash. */
export interface Unknown {
  /** The part of the cluster that it belongs to. Absent for an image of a provider's add-on. */
  part?: keyof Versions;
  version: string;
  /** An image's name in its lock, by which `npm run lock` knows it. */
  image?: string;
  /** In words: `kubelet for arm64`, `image registry.k8s.io/pause:3.10.2`. */
  what: string;
}

/** The image as the only entry if its digest is unknown; else nothing. */
export const unknownImage = ({ name, part, version, reference, digest }: LockedImage): Unknown[] =>
  digest === "unknown" ? [{ part, version, image: name, what: `image ${reference}` }] : [];

/** The file, or the image that holds its program, as the only entry if neither hash is known; else nothing. */
export function unknownFile(
  { name, part, version, sha256, image }: LockedFile,
  architecture: Architecture,
  versions: Versions,
): Unknown[] {
  if (sha256 !== "unknown") return [];
  if (image !== undefined) return unknownImage(lockedImage(image, versions));
  return [{ part, version, what: `${name} for ${architecture}` }];
}
