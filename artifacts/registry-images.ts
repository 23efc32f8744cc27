import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BundleFile, sha256Of } from "./bundle-manifest.ts";
import { refuseUnknown } from "./bundle-plan.ts";
import type { LockedImage } from "./images.ts";
import type { Architecture } from "./lock.ts";
import { makeTar } from "./oci-image.ts";
import { run } from "./run-program.ts";

// The projects' own images, from their registries into an archive of a bundle. skopeo fetches each by the digest in the lock, and checks
// everything that this digest names.

/** The images' annotation by which containerd calls them. Without it an import would invent names. */
const NAME = "io.containerd.image.name";

/**
 * Writes one archive of images. What a run that was cut off has fetched is not fetched again.
 *
 * @throws Error if a digest is unknown, or if a registry can't be reached or has another image
 */
export async function pullImages(
  images: readonly LockedImage[],
  architecture: Architecture,
  path: string,
  skopeo: readonly string[] = ["skopeo"],
): Promise<BundleFile> {
  refuseUnknown(images);
  const layout = `${path}.layout`;
  const platform = ["--override-os", "linux", "--override-arch", architecture];
  const [program = "", ...options] = skopeo;
  for (const { digest, reference } of images) {
    // The digest says what is right. No policy of this machine has to.
    const words = ["copy", "--quiet", "--insecure-policy", ...platform, `docker://${nameOf(reference)}@${digest}`];
    await run(program, [...words, ...options, `oci:${layout}:${reference}`]);
  }
  await nameForContainerd(join(layout, "index.json"));
  await makeTar(layout, `${path}.part`);
  await rename(`${path}.part`, path);
  await rm(layout, { recursive: true });
  const from = images.map(({ digest, reference }) => `${nameOf(reference)}@${digest}`);
  const version = images[0]?.version ?? "";
  return { sha256: await sha256Of(path), size: (await stat(path)).size, version, origin: "official", from };
}

/** An image's name without its tag. */
const nameOf = (reference: string) => reference.replace(/:[^:/]+$/, "");

async function nameForContainerd(file: string): Promise<void> {
  const index = JSON.parse(await readFile(file, "utf8"));
  for (const manifest of index.manifests)
    manifest.annotations = { ...manifest.annotations, [NAME]: manifest.annotations["org.opencontainers.image.ref.name"] };
  await writeFile(file, JSON.stringify(index));
}
