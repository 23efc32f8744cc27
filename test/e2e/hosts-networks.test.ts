// two control planes that run pods beside etcd on a host of its own, on hosts with two networks: SSH and the API on one, all else on the other

import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleManifest } from "../harness/bundle.ts";
import type { TestCluster } from "../harness/cluster.ts";
import { Edited, healthyMembers } from "../harness/edits.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { cutNetwork, healNetwork } from "../harness/lab-faults.ts";
import { makeMetal } from "../harness/metal.ts";
import { ApiClient } from "../harness/probe.ts";
import { eventually } from "../harness/process.ts";
import { addressIn, type HostEntry, labCluster } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";
import { assertPodsReachEachOther } from "../harness/workload.ts";

const [access, inner] = [await takeSubnet(), await takeSubnet()];
const [etcd, first, second] = ["e1.rack.example.com", "c1.rack.example.com", "c2.rack.example.com"] as const;
const host = (place: number, ...roles: string[]): HostEntry => ({
  address: addressIn(inner, place),
  sshAddress: addressIn(access, place),
  roles,
});
const { lab: _, ...sample } = labCluster("test-networks", access, 0);
const config = {
  ...sample,
  provider: "baremetal",
  nodeCidrs: [access, inner],
  ssh: { user: "ops" },
  artifacts: { source: "bundle", manifest: bundleManifest },
  etcd: { throwAway: true },
  // The virtual IP is beside the addresses that SSH goes to.
  balancer: { interface: "front0" },
  hosts: {
    [etcd]: host(31, "etcd"),
    [first]: host(11, "balancer", "control-plane", "worker"),
    [second]: { ...host(12, "balancer", "control-plane", "worker"), balancerInterface: "api0" },
  },
  pools: {},
};

/** What the access network's interface is called on a host. */
const frontOf = (name: string) => (name === second ? "api0" : "front0");

/**
 * Moves the lab's address from eth0, which becomes the inner network's, to an interface of the access network; a third one is for pods.
 * Each answers for its own addresses only, as if it had a wire of its own. VRRP goes through eth0: keepalived does not work on a macvlan.
 */
const wire = (address: string, front: string) => `
  for name in all default; do echo 1 >/proc/sys/net/ipv4/conf/$name/arp_ignore; echo 2 >/proc/sys/net/ipv4/conf/$name/arp_announce; echo 2 >/proc/sys/net/ipv4/conf/$name/rp_filter; done
  found=$(ip -4 -o address show dev eth0 scope global | awk '{print $4}')
  gateway=$(ip -4 route show default | awk '{print $3; exit}')
  ip link add link eth0 name ${front} type macvlan mode bridge
  echo 1 >/proc/sys/net/ipv4/conf/${front}/arp_notify
  ip address add ${address}/24 dev eth0
  ip address delete "$found" dev eth0
  ip address add "$found" dev ${front}
  ip link set ${front} up
  [ -z "$gateway" ] || ip route replace default via "$gateway" dev ${front}
  ip link add link eth0 name pods0 type macvlan mode bridge
  ip address add ${address.replace(/\.(\d+)$/, ".1$1")}/24 dev pods0
  ip link set pods0 up`;

const fresh = new FreshHosts();

onCluster(
  config,
  (scenario) => {
    const edited = new Edited(scenario);

    test("the cluster's own traffic takes the inner network; the API's address is in the other, on each host's own interface", async () => {
      const { cluster } = scenario;
      await cluster.settled();
      assert.deepEqual(await healthyMembers(cluster), [etcd]);
      for (const { name, address } of cluster.withRole("control-plane")) {
        const { metadata, status, spec } = await cluster.get(`node ${name}`);
        assert.equal(spec.taints, undefined);
        const own = status.addresses.find(({ type }: { type: string }) => type === "InternalIP");
        assert.equal(own.address, address);
        assert.equal(metadata.annotations?.["flannel.alpha.coreos.com/public-ip"], address);
      }
      assert.deepEqual(await podLinks(cluster), ["eth0", "eth0"]);
      const holds = (name: string, link: string) =>
        cluster.host(name).sh(`ip -4 -o address show dev ${link} to ${config.api.address}`);
      // On a busy machine it may be on its way when it is looked for.
      await eventually("one balancer alone to hold the address", 30, async () => {
        const held = await Promise.all([first, second].map((name) => holds(name, frontOf(name))));
        if (held.filter((text) => text !== "").length !== 1) throw new Error(`held: ${held.join()}`);
        return true;
      });
      await assertPodsReachEachOther(cluster);
      await assertNothingRuns(scenario);
    });

    test("an interface for pods on one host: flannel takes it there and nowhere else, and pods reach each other", async () => {
      const { cluster } = await edited.up("flannelInterface of one host", ({ hosts }) => {
        Object.assign(hosts[first] as object, { flannelInterface: "pods0" });
      });
      await eventually("flannel to have the link", 60, async () => (await podLinks(cluster)).join() === "pods0,eth0");
      await cluster.settled();
      await assertPodsReachEachOther(cluster);
      await assertNothingRuns({ ...scenario, cluster });
    });

    test("with either control plane away the other one serves", async () => {
      for (const name of [first, second]) {
        const api = new ApiClient(await scenario.stack.output("kubeconfig"));
        await cutNetwork(config.name, name);
        await eventually(`the API to answer without ${name}`, 90, async () => (await api.send("GET", "/readyz")).status === 200);
        await healNetwork(config.name, name);
        await edited.cluster.settled();
      }
    });

    test("destroy restores the hosts", async () => {
      await scenario.stack.destroy();
      await fresh.assertClean(...edited.cluster.hosts.values());
    });
  },
  {
    prepare: async (scenario) => {
      await makeMetal(scenario);
      for (const it of scenario.cluster.hosts.values()) await it.sh(wire(it.address, frontOf(it.name)));
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);

/** The link below flannel's on each node. */
const podLinks = (cluster: TestCluster): Promise<string[]> =>
  Promise.all(
    cluster
      .withRole("control-plane")
      .map(async (it) => (await it.sh("ip -d link show flannel.1 | sed -n 's/.* dev \\([a-z0-9]*\\) .*/\\1/p'")).trim()),
  );
