// a virtual machine with Debian 12, kube-proxy in iptables mode and then in ipvs mode: up from nothing, and all as before at the end

import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { onCluster } from "../harness/scenario.ts";
import {
  assertServiceAnswers,
  assertSystemd,
  clockAhead,
  makeMachine,
  onOneHost,
  packagesOf,
  patiently,
  setBack,
} from "../harness/vm.ts";

const config = await onOneHost("test-vm-12");
config.network = { kubeProxyMode: "iptables" };
const fresh = new FreshHosts({ whole: true });

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = cluster.host("m1");

    test("the node is Ready, and Services are led by iptables", async () => {
      await patiently(stack, "up");
      await cluster.settled(600);
      await assertSystemd(host);
      assert.ok(Math.abs(await clockAhead(host)) < 30);
      assert.match(await host.sh("iptables-save -t nat"), /-A KUBE-SERVICES .*default\/kubernetes:https/);
      await assertServiceAnswers(cluster);
    });

    test("kube-proxy changes to ipvs, with the kernel's modules", async () => {
      config.network = { kubeProxyMode: "ipvs" };
      stack.configure(config);
      await patiently(stack, "up");
      await cluster.settled(600);
      assert.match(await host.sh("ls -d /sys/module/ip_vs /sys/module/ip_vs_rr; ipvsadm -ln"), /TCP {2}10\.\S+:443 rr/);
      await assertServiceAnswers(cluster);
    });

    test("destroy takes everything back, packages and the rules of kube-proxy among it", async () => {
      await patiently(stack, "destroy");
      assert.equal(await packagesOf(host), "");
      await fresh.assertClean(host);
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      const host = await makeMachine(scenario, { release: "bookworm" });
      await fresh.remember([host]);
      await setBack(host, config);
    },
  },
);
