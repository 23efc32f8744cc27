import assert from "node:assert/strict";
import { sha256Of } from "../../artifacts/bundle-manifest.ts";
import type { TestCluster } from "../harness/cluster.ts";
import type { PublishedImage } from "./published.ts";

/** flannel's CNI plugin on every host is the program out of its image, with a stamp; the image is gone, and pods have addresses. */
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
