// a virtual machine with Debian 12: kube-proxy in iptables mode, then in ipvs mode; NetworkPolicies by kube-network-policies, which need
// the kernel's queues, deny and allow real connections; all as before at the end

import assert from "node:assert/strict";
import { test } from "node:test";
import { isReady } from "../harness/cluster.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { eventually } from "../harness/process.ts";
import { everyRole } from "../harness/samples.ts";
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
config.addons = { networkPolicies: true };
// The one node runs pods, too.
for (const entry of Object.values(config.hosts)) Object.assign(entry, { roles: [...everyRole, "worker"], pool: "general" });
const fresh = new FreshHosts({ whole: true });

const pod = (name: string, image: string) => `
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: default, labels: { app: ${name} } }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: main, image: "${image}", imagePullPolicy: Never }]
`;

/** A policy about pod `web`: `allowed` are those that may connect to it. */
const policy = (name: string, ...allowed: readonly string[]) => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: default }
spec:
  podSelector: { matchLabels: { app: web } }
  policyTypes: [Ingress]
  ingress: [${allowed.map((app) => `{ from: [{ podSelector: { matchLabels: { app: ${app} } } }] }`).join(", ")}]
`;

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = cluster.host("m1");
    const addresses: Record<string, string> = {};
    const table = "nft list table inet kube-network-policies";

    /** Whether a new TCP connection from a pod's network reaches pod `web`. A denied one is dropped, so nothing answers. */
    async function reaches(from: string): Promise<boolean> {
      const { status, stderr } = await host.trySh(`
        for one in $(ip netns list | awk '{print $1}'); do
          if ip -n $one -4 -o address show | grep -q ' ${addresses[from]}/'; then namespace=$one; fi
        done
        ip netns exec "\${namespace:?no network of pod ${from}}" timeout 10 bash -c '</dev/tcp/${addresses.web}/53'`);
      assert.ok(status === 0 || status === 124, stderr);
      return status === 0;
    }

    /** Waits until these pods, and no other of the two, reach `web`. */
    const onlyReached = (...expected: readonly string[]) =>
      eventually(`web to be reached by ${expected.join(" and ") || "nobody"}`, 180, async () => {
        const found = [];
        for (const one of ["friend", "stranger"]) if (await reaches(one)) found.push(one);
        if (found.join() !== expected.join()) throw new Error(`reached by ${found.join(" and ") || "nobody"}`);
        return true;
      });

    test("the node is Ready, and Services are led by iptables", async () => {
      await patiently(stack, "up");
      await cluster.settled(600);
      await assertSystemd(host);
      assert.ok(Math.abs(await clockAhead(host)) < 30);
      assert.match(await host.sh("iptables-save -t nat"), /-A KUBE-SERVICES .*default\/kubernetes:https/);
      await assertServiceAnswers(cluster);
    });

    test("without a policy every pod reaches every other", async () => {
      const [coredns] = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
      const server = coredns?.spec.containers[0].image as string;
      // CoreDNS without a Corefile listens at port 53.
      await cluster.apply([pod("web", server), pod("friend", server), pod("stranger", server)].join(""));
      await eventually("three pods to be ready", 300, async () => {
        const pods = await cluster.list("pods -n default");
        for (const { metadata, status } of pods) addresses[metadata.name] = status.podIP;
        return pods.filter(isReady).length === 3;
      });
      await onlyReached("friend", "stranger");
    });

    test("a policy that allows nobody keeps all away, one more that allows a friend lets in the friend alone", async () => {
      await cluster.apply(policy("nobody"));
      await onlyReached();
      await cluster.apply(policy("friends", "friend"));
      await onlyReached("friend");
      assert.match(await host.sh(table), new RegExp(`${addresses.web}[^]*queue[^]*to 98`));
    });

    test("a table that something emptied comes back, and policies hold again", async () => {
      await host.sh("nft delete table inet kube-network-policies");
      await eventually("the table to be back", 180, async () => (await host.trySh(table)).status === 0);
      await onlyReached("friend");
    });

    test("kube-proxy changes to ipvs, with the kernel's modules; without the add-on connections flow again", async () => {
      config.network = { kubeProxyMode: "ipvs" };
      config.addons = {};
      stack.configure(config);
      await patiently(stack, "up");
      await cluster.settled(600);
      assert.match(await host.sh("ls -d /sys/module/ip_vs /sys/module/ip_vs_rr; ipvsadm -ln"), /TCP {2}10\.\S+:443 rr/);
      await assertServiceAnswers(cluster);
      await onlyReached("friend", "stranger");
      assert.equal((await cluster.list("networkpolicies -n default")).length, 2);
      assert.notEqual((await host.trySh(table)).status, 0);
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
      const host = await makeMachine(scenario, { release: "bookworm" }, ["addons/lock.json#kube-network-policies"]);
      await fresh.remember([host]);
      await setBack(host, config);
    },
  },
);
