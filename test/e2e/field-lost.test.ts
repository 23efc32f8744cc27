// the credentials of a lost host: its address is blocked, check asks for new authorities, and then the credentials open nothing

import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeNames } from "../harness/edits.ts";
import { cutNetwork, healNetwork } from "../harness/lab-faults.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { type Result, run } from "../harness/process.ts";
import type { ClusterConfig } from "../harness/samples.ts";
import { onCluster } from "../harness/scenario.ts";

const root = new URL("../../", import.meta.url).pathname;
const config = await onMetal("test-field-lost");

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const edit = (change: (config: ClusterConfig) => void) => {
      change(config);
      stack.configure(config);
    };
    const check = (): Promise<Result> =>
      run(process.execPath, ["engine/launch.mjs", "run", "check/check-stack.ts", "check", "--stack", stack.name], {
        cwd: root,
        env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase },
      });

    test("a lost worker's credential opens the API until its authority is replaced; check asks for that until then", async () => {
      const [m1, w1] = [cluster.host("m1"), cluster.host("w1")];
      const credential = await w1.sh("cat /var/lib/kubelet/pki/kubelet-client-current.pem");
      await m1.trySh("umask 077; cat >/root/lost.pem", credential);
      const answer = () =>
        m1.sh(
          `curl -sk -m 10 -o /dev/null -w '%{http_code}' --cert /root/lost.pem https://${config.api.address}:8443/api/v1/nodes/w1`,
        );
      await cutNetwork(config.name, "w1");
      edit(({ hosts }) => Object.assign(hosts.w1 as object, { lost: true }));
      await stack.up();
      assert.equal(await answer(), "404");
      assert.match((await check()).text, /WARN {2}credentials of w1: .* what it had of kubernetes is still valid/);
      // Back on the network it is admitted nowhere and does not become a Node.
      await healNetwork(config.name, "w1");
      for (const address of [config.api.address, m1.address])
        assert.notEqual((await w1.trySh(`curl -sk -m 3 https://${address}:8443/readyz`)).status, 0);
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      assert.equal(await answer(), "404");
      // The entry stays until then: without it, w1 would be admitted and create its Node again.
      for (const [trust, issue] of [
        [[1, 2], 1],
        [[1, 2], 2],
        [[2], 2],
      ] as const) {
        edit((it) => {
          it.certificates = { authorities: { kubernetes: { trust: [...trust], issue } } };
        });
        await stack.up();
      }
      assert.equal(await answer(), "401");
      assert.doesNotMatch((await check()).text, /credentials of w1/);
      edit(({ hosts }) => delete hosts.w1);
      await stack.up();
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      assert.deepEqual(await nodeNames(cluster), ["m1", "m2", "m3", "w2"]);
    });
  },
  {
    prepare: async (scenario) => {
      await makeMetal(scenario);
    },
  },
);
