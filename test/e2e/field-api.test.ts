// the API's address: taken by another machine, kept while etcd is frozen, and moved to another name, address and port without a lost request

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Edited } from "../harness/edits.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { eventually } from "../harness/process.ts";
import { addressIn } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { watching } from "../harness/watching.ts";

const config = await onMetal("test-field-api");
const old = { domainName: config.api.domainName, address: config.api.address, port: 8443 };
const next = { domainName: "k8s.test-field-api.internal", address: addressIn(config, 9), port: 9443 };

onCluster(
  config,
  (scenario) => {
    const { stack } = scenario;
    const edited = new Edited(scenario);
    const workers = ["w1", "w2"];
    const everyHost = ["m1", "m2", "m3", ...workers];
    const answers = (name: string, { address, port, domainName }: typeof old) =>
      edited.cluster
        .host(name)
        .trySh(
          `curl -sS -o /dev/null --max-time 5 --cacert /etc/kubernetes/pki/ca.crt --connect-to ::${address}: https://${domainName}:${port}/readyz`,
        );
    const kubeletAsks = (name: string) => edited.cluster.host(name).sh("sed -n 's/^ *server: //p' /etc/kubernetes/kubelet.conf");

    test("up stops before the cluster is born if another machine has the address, and names its hardware address", async () => {
      const { cluster } = scenario;
      const stranger = cluster.host("w2");
      await stranger.sh(`ip address add ${old.address}/32 dev eth0`);
      const mac = (await stranger.sh("cat /sys/class/net/eth0/address")).trim();
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0);
      assert.match(text, new RegExp(`the API's address ${old.address} is in use: ${mac} answers for it`));
      await stranger.sh(`ip address delete ${old.address}/32 dev eth0`);
      const started = Date.now();
      await stack.up();
      console.log(`came up in ${Math.round((Date.now() - started) / 1000)} s`);
      await cluster.settled();
    });

    test("two of three etcd members freeze for 8 s: no connection is cut or refused, and the address does not move", async () => {
      const { cluster } = scenario;
      const holders = (await cluster.holders()).map(({ name }) => name);
      const two = [cluster.host("m1"), cluster.host("m2")];
      const seen = await watching(await stack.output("kubeconfig"), async () => {
        await pause(2000);
        await Promise.all(two.map((host) => host.sh("systemctl kill --signal STOP etcd")));
        await pause(8000);
        await Promise.all(two.map((host) => host.sh("systemctl kill --signal CONT etcd")));
        await pause(5000);
      });
      console.log(
        `etcd stood still: ${seen.answered} answered, ${seen.failed.length} not, the watch broke ${seen.breaks.length} times`,
      );
      assert.deepEqual(seen.failed, []);
      assert.deepEqual(seen.breaks, []);
      assert.ok(seen.answered > 100, `${seen.answered} requests`);
      assert.deepEqual(
        (await cluster.holders()).map(({ name }) => name),
        holders,
      );
      await eventually("etcd to answer", 30, () => cluster.etcdctl("endpoint health"));
    });

    test("preview refuses to change the address in one step, and says what to write instead", async () => {
      stack.configure({ ...config, api: { ...config.api, ...next } });
      const { status, text } = await stack.engine("preview");
      assert.notEqual(status, 0);
      for (const [key, was] of Object.entries(old))
        assert.match(text, new RegExp(`set cluster\\.api\\.former\\.${key}: ${was} in this edit`));
      stack.configure(config);
    });

    test("the API gets another name, address and port beside the former ones, and every client moves there", async () => {
      const { report, ran, text, cluster } = await edited.up("api beside api.former", ({ api }) => {
        Object.assign(api, next, { former: old });
      });
      assert.deepEqual(report.fresh.failed, []);
      assert.deepEqual(ran, everyHost);
      assert.doesNotMatch(text, /\b\d+ (replaced|deleted)/);
      for (const name of workers) {
        assert.equal((await kubeletAsks(name)).trim(), `https://${next.domainName}:${next.port}`);
        for (const domainName of [old.domainName, next.domainName])
          for (const address of [old.address, next.address])
            for (const port of [old.port, next.port])
              assert.equal((await answers(name, { domainName, address, port })).status, 0);
      }
      assert.match(
        await cluster.kubectl("-n kube-system get configmap kube-proxy -o yaml"),
        new RegExp(`server: https://${next.domainName}:9443`),
      );
      await cluster.settled();
      await assertNothingRuns({ ...scenario, cluster });
    });

    test("without api.former the old endpoint is gone, and no client needs it", async () => {
      const { report, cluster } = await edited.up("api.former deleted", ({ api }) => {
        delete api.former;
      });
      assert.deepEqual(report.fresh.failed, []);
      assert.notEqual((await answers("w1", old)).status, 0);
      assert.notEqual((await answers("w1", { ...next, port: old.port })).status, 0);
      const hosts = await Promise.all(everyHost.map((name) => cluster.host(name).sh("cat /etc/hosts")));
      for (const file of hosts)
        assert.doesNotMatch(file, new RegExp(`${old.domainName}|${old.address.replaceAll(".", "\\.")}\\s`));
      await Promise.all(everyHost.map((name) => cluster.host(name).sh("systemctl restart kubelet")));
      await pause(3000);
      await cluster.settled();
      // kube-proxy has found the API again, too.
      const ip = "10.96.77.77";
      await cluster.kubectl(`create service clusterip moved --clusterip ${ip} --tcp 80:80`);
      for (const name of everyHost)
        await eventually(`a new Service on ${name}`, 60, () => cluster.host(name).sh(`nft list ruleset | grep -F ${ip}`));
      await assertNothingRuns({ ...scenario, cluster });
    });

    test("a repair fixes a worker whose kubelet still asks the old endpoint", async () => {
      const { cluster } = edited;
      const asks = `https://${old.domainName}:${old.port}`;
      await cluster
        .host("w1")
        .sh(`sed -i 's|server: .*|server: ${asks}|' /etc/kubernetes/kubelet.conf; systemctl restart kubelet`);
      await edited.up("repair", (it) => {
        it.repair = "kubelet";
      });
      assert.equal((await kubeletAsks("w1")).trim(), `https://${next.domainName}:${next.port}`);
      await cluster.settled();
    });
  },
  { up: false, prepare: async (scenario) => void (await makeMetal(scenario)) },
);
