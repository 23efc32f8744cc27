import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../bash.ts";

const reserve = (text: string) => withScripts(["lib/reserve.sh"], text);

test("reserved processors and memory are those of the published table", async () => {
  // GKE's own examples: a node with 4 GB keeps 1 GB, one with 8 GB 1.8 GB, one with 16 GB 2.6 GB.
  const sizes = await reserve(`for m in 900 2048 4096 8192 16384 131072 262144; do reserved_memory $m; done
    for c in 1 2 4 8 64; do reserved_cpu $c; done`);
  assert.deepEqual(sizes.split("\n").map(Number), [255, 512, 1024, 1843, 2662, 9543, 12_165, 60, 70, 80, 90, 230]);
});

test("the kubelet reads what is asked for, and nothing once it is not", async () => {
  const stand = `RESERVED_DROP_IN=$HAK_ROOT/conf.d/60-reserved.conf
    put_file() { cat >"$2"; did "put \${2##*/}"; }
    nproc() { echo 4; }`;
  const script = (text: string) =>
    withScripts(
      [],
      `${stand}\n. <(sed '/^readonly RESERVED_DROP_IN/d' ${new URL("../../../../hosts/lib/reserve.sh", import.meta.url).pathname})\n${text}`,
    );
  const said = await script(`RESERVE_BY_SIZE=cpu; reserve_by_size; cat $RESERVED_DROP_IN; RESERVE_BY_SIZE=""; reserve_by_size
    ls $HAK_ROOT/conf.d; reserve_by_size`);
  assert.equal(
    said,
    `did put 60-reserved.conf
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
kubeReserved:
  cpu: 80m
did removed /conf.d/60-reserved.conf`,
  );
});
