// a virtual machine with Debian 12 whose kernel balances: LVS in front of the apiserver on the same host, beside kube-proxy of two modes

import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { ApiClient } from "../harness/probe.ts";
import { eventually } from "../harness/process.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { assertServiceAnswers, makeMachine, onOneHost, packagesOf, setBack } from "../harness/vm.ts";

const config = await onOneHost("test-vm-lvs");
config.balancer = { kind: "lvs" };
const address = config.api.address;
const fresh = new FreshHosts({ whole: true });

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = cluster.host("m1");
    /** IPVS leads to so many apiservers by the API's address. */
    const leads = (count: number) =>
      eventually(`IPVS to lead to ${count} apiservers`, 120, async () => {
        const lines = (await host.sh("ipvsadm --save --numeric")).split("\n");
        const found = lines.filter((line) =>
          line.startsWith(`-a -t ${address}:8443 -r ${config.hosts.m1?.address}:6443 -m -w 1`),
        );
        if (found.length !== count) throw new Error(lines.join("\n"));
        return true;
      });
    const answersOutside = async () => {
      const { status } = await new ApiClient(await stack.output("kubeconfig")).send("GET", "/api/v1/nodes");
      assert.equal(status, 200);
    };

    test("the node is Ready, and the API answers at its address: outside, and on the host that holds it", async () => {
      await cluster.settled(600);
      await leads(1);
      await answersOutside();
      const code = await host.sh(`curl -ks -o /dev/null -w '%{http_code}' https://${address}:8443/readyz`);
      assert.equal(code, "200");
      assert.equal(await host.sh("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8404/health"), "200");
      assert.equal((await host.trySh("systemctl is-active haproxy")).stdout, "inactive\n");
    });

    test("a second up runs nothing", () => assertNothingRuns(scenario));

    test("what kube-proxy clears is back, and an apiserver that is stopped is taken out until it is ready again", async () => {
      await host.sh("ipvsadm --clear");
      await leads(1);
      await host.sh("mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/");
      await leads(0);
      await host.sh("mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/");
      await leads(1);
      await cluster.settled(600);
    });

    test("kube-proxy in ipvs mode has its Services in the same kernel, and leaves the balancer's alone", async () => {
      config.network = { kubeProxyMode: "ipvs" };
      stack.configure(config);
      await stack.up();
      await cluster.settled(600);
      await assertServiceAnswers(cluster);
      await leads(1);
      await answersOutside();
    });

    test("destroy leaves no service in IPVS, and takes everything back", async () => {
      await stack.destroy();
      assert.equal(await host.sh("tail -n +4 /proc/net/ip_vs 2>/dev/null || true"), "");
      assert.doesNotMatch(await host.sh("nft list tables"), /ha_kubernetes/);
      assert.equal(await packagesOf(host), "");
      await fresh.assertClean(host);
    });
  },
  {
    prepare: async (scenario) => {
      const host = await makeMachine(scenario, { release: "bookworm" });
      await fresh.remember([host]);
      await setBack(host, config);
    },
  },
);
