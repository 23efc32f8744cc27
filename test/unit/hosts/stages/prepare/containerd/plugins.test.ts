import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../../bash.ts";

// Links to CNI plugins that come out of an image, after everything else.

const [before, now] = ["/opt/ha-kubernetes/cni-plugins-1.9.0", "/opt/ha-kubernetes/cni-plugins-1.9.1"];

/** Links the plugins of the list, on a host that `made` made, and says which links were put. */
const links = (made: string) =>
  withScripts(
    ["lib/api.sh", "stages/prepare/containerd/lib-containerd.sh"],
    `put_link() { echo "$2 leads to $1"; }
     program() { mkdir -p "$HAK_ROOT\${1%/*}"; : >"$HAK_ROOT$1"; chmod 0755 "$HAK_ROOT$1"; }
     mkdir -p $STAGE/inputs
     printf '%s\\n' 'archive 00 /a.tar ${now} bridge' 'image-program sha256:00 ghcr.io/plugin:v1 ${now} flannel' 'image-program sha256:00 ghcr.io/other:v1 ${before} other' >$STAGE/inputs/artifacts
     ${made}
     link_image_programs ${now}`,
  );

test("a new host gets the link before the plugin: no pod starts until it is there", async () => {
  assert.equal(await links(":"), `/opt/cni/bin/flannel leads to ${now}/flannel`);
});

test("on a host that lives, the link to another version's plugin stays until the new one is there", async () => {
  assert.equal(await links("program /opt/cni/bin/flannel"), "");
  assert.equal(
    await links(`program /opt/cni/bin/flannel; program ${now}/flannel`),
    `/opt/cni/bin/flannel leads to ${now}/flannel`,
  );
});
