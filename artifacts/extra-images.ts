import type { LockedImage } from "./images.ts";

// Images of the user's own, which the config names in full: registry, tag and digest.

/** An image as `artifacts.extraImages` and `--image` have it: NAME:TAG@sha256:DIGEST. */
export function extraImage(text: string): LockedImage {
  const [reference = "", digest = ""] = text.split("@");
  const [, last = "", version = ""] = /([^/:]+):([^:/]+)$/.exec(reference) ?? [];
  // Two registries may have images of one name and tag.
  const archive = `${last}-${digest.slice("sha256:".length, "sha256:".length + 12)}`;
  return { name: reference, version, reference, digest, archive, keepsName: true };
}
