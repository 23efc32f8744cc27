import assert from "node:assert/strict";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../../artifacts/bundle-manifest.ts";
import type { LockedImage } from "../../artifacts/images.ts";
import type { Architecture } from "../../artifacts/lock.ts";
import { makeLayer, writeImages } from "../../artifacts/oci-image.ts";
import type { TestCluster } from "../harness/cluster.ts";
import { must } from "../harness/process.ts";
import { scratch } from "../harness/scratch.ts";
import type { PublishedImage } from "./published.ts";

// flannel's CNI plugin, which its project publishes in an image alone.

/** A folder with the blobs of an image that holds the program alone, in the layout of OCI. */
export async function pluginImage({ reference }: LockedImage, program: string, architecture: Architecture): Promise<string> {
  const [folder, work] = [scratch(), scratch()];
  await mkdir(join(work, "image"), { recursive: true });
  await copyFile(program, join(work, "image/flannel"));
  const layer = await makeLayer(join(work, "image"), join(work, "layer"));
  const archive = join(work, "image.tar");
  await writeImages([{ references: [reference], layers: [layer], entrypoint: ["/flannel"] }], architecture, archive);
  await must("tar", ["-xf", archive, "-C", folder]);
  return folder;
}

/** Every host has the program out of the image, with a stamp, and no image; and pods have addresses from it. */
export async function assertPlugin(
  cluster: TestCluster,
  { repository, tag, digest }: PublishedImage,
  program: string,
): Promise<void> {
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  const sha256 = await sha256Of(program);
  for (const host of cluster.hosts.values()) {
    const said = await host.sh(`link=$(readlink /opt/cni/bin/flannel)
      sha256sum <"$link"; stat -c '%a %U' "$link"; head -n 1 "\${link%/*}/.${name}:${tag}.stamp"; ctr -n k8s.io images ls -q | grep -c ${name} || true`);
    assert.equal(said, `${sha256}  -\n755 root\n${digest}\n0\n`, host.name);
  }
  const nodes = await cluster.list("nodes");
  const pods = (await cluster.list("pods -A")).filter(({ spec }) => spec.hostNetwork !== true);
  assert.ok(pods.length > 0);
  for (const { metadata, spec, status } of pods) {
    const range = String(nodes.find((node) => node.metadata.name === spec.nodeName)?.spec.podCIDR);
    assert.match(range, /\.0\/24$/);
    assert.ok(String(status.podIP).startsWith(range.replace(/0\/24$/, "")), `${metadata.name} has ${status.podIP} of ${range}`);
  }
}
