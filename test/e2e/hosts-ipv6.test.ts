// hosts without IPv4, and hosts with both: nodes, pods, Services, DNS, the virtual IP; smaller parts of a pods' range that grows

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostPort } from "../../config/addresses.ts";
import { inPod, type KubernetesObject, TestCluster } from "../harness/cluster.ts";
import { ApiClient } from "../harness/probe.ts";
import { eventually } from "../harness/process.ts";
import { type ClusterConfig, hostAt, labCluster, onBoth, onIpv6 } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";
import { assertPodsReachEachOther, startWhereAmI } from "../harness/workload.ts";

const internalAddresses = ({ status }: KubernetesObject): string[] =>
  status.addresses
    .filter(({ type }: { type: string }) => type === "InternalIP")
    .map(({ address }: { address: string }) => address);

/** What a server answers to a pod that asks for the name of its node. */
async function whereAmI(pod: KubernetesObject, server: string): Promise<string> {
  const script = `
    import { Resolver } from "node:dns/promises";
    const resolver = new Resolver({ timeout: 2000, tries: 5 });
    resolver.setServers(["${server}"]);
    console.log((await resolver.resolveTxt("node.test")).flat().join());`;
  return (await inPod(pod, script)).trim();
}

/** The API answers at this place, with a certificate for it. */
async function answersAt(kubeconfig: string, server: string): Promise<void> {
  const api = new ApiClient(kubeconfig.replace(/server: \S+/, `server: https://${server}`));
  assert.equal((await api.send("GET", "/api/v1/namespaces/default")).status, 200, server);
}

onCluster(onIpv6(labCluster("test-ipv6", await takeSubnet(), 1)), (scenario) => {
  const { stack, cluster, config } = scenario;

  test("four nodes are Ready; no host has an IPv4 address, and every Node and pod has one of IPv6 alone", async () => {
    await cluster.settled(300);
    for (const host of cluster.hosts.values())
      assert.equal((await host.sh("ip -4 -o address show | awk '{print $2}' | sort -u")).trim(), "lo", host.name);
    for (const node of await cluster.list("nodes")) {
      assert.deepEqual(internalAddresses(node), [cluster.host(node.metadata.name).address]);
      assert.match(node.spec.podCIDRs.join(), /^fd00:10:244:[0-9a-f:]*\/64$/);
    }
    for (const { status } of await cluster.list("pods -A")) assert.doesNotMatch(JSON.stringify(status.podIPs), /"ip":"\d+\./);
  });

  test("etcd's members speak over IPv6, and the port table lets in the nodes' range", async () => {
    const members = (await cluster.etcdctl("member list")).trim().split("\n");
    assert.equal(members.length, 3);
    for (const member of members) assert.match(member, /https:\/\/\[fd00:[0-9a-f:]+\]:2380, https:\/\/\[fd00:[0-9a-f:]+\]:2379/);
    assert.match(await cluster.host("m1").sh("nft list table inet ha_kubernetes"), /ip6 saddr @nodes6 accept/);
  });

  test("the API answers at the virtual IP, from the machine and from the nodes", async () => {
    const kubeconfig = await stack.output("kubeconfig");
    assert.ok(kubeconfig.includes(`server: https://[${config.api.address}]:8443`));
    await answersAt(kubeconfig, hostPort(config.api.address, 8443));
    assert.equal((await cluster.holders()).length, 1);
  });

  test("pods reach Services, the DNS and pods of other nodes", async () => {
    await assertPodsReachEachOther(cluster);
    const [from, to] = (await cluster.list("pods -n kube-system -l k8s-app=kube-dns")) as [KubernetesObject, KubernetesObject];
    assert.notEqual(from.spec.nodeName, to.spec.nodeName);
    const script = `
      import { connect } from "node:net";
      const socket = connect({ host: "${to.status.podIP}", port: 8181, timeout: 5000 }, () => { console.log("reached"); process.exit(0); });
      socket.on("timeout", () => process.exit(1));`;
    assert.equal((await inPod(from, script)).trim(), "reached");
  });

  test("the virtual IP moves to another balancer, and the API answers there", async () => {
    const [holder] = await cluster.holders();
    assert.ok(holder, "nobody holds the virtual IP");
    await holder.sh("systemctl stop keepalived");
    await eventually("another balancer to hold the virtual IP", 60, async () => {
      const holders = await cluster.holders();
      return holders.length === 1 && holders[0]?.name !== holder.name;
    });
    const kubeconfig = await stack.output("kubeconfig");
    await eventually("the API to answer", 60, () => answersAt(kubeconfig, hostPort(config.api.address, 8443)).then(() => true));
    await holder.sh("systemctl start keepalived");
  });

  test("a second up runs nothing", () => assertNothingRuns(scenario));
});

const both = onBoth(smallest(labCluster("test-dual-stack", await takeSubnet(), 1)));
// Two parts of the pods' range, for two nodes.
Object.assign(both.network, { podCidr: ["10.244.0.0/24", "fd00:10:244::/63"], nodeMask: { ipv4: 25 } });

/** One host with every role, and the workers. */
function smallest(config: ClusterConfig): ClusterConfig {
  const { m2: _, m3: __, ...hosts } = config.hosts;
  return { ...config, hosts };
}

onCluster(both, (scenario) => {
  const { stack, config } = scenario;
  let { cluster } = scenario;

  test("two nodes and their pods have an address of each family, IPv4 first, of parts as large as the config has them", async () => {
    await cluster.settled(300);
    for (const node of await cluster.list("nodes")) {
      assert.deepEqual(internalAddresses(node), config.hosts[node.metadata.name]?.address);
      assert.match(node.spec.podCIDRs.join(), /^10\.244\.0\.\d+\/25,fd00:10:244:[0-9a-f:]*\/64$/);
    }
    const pods = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
    for (const { status } of pods)
      assert.match(status.podIPs.map(({ ip }: { ip: string }) => ip).join(), /^10\.244\.0\.\d+,fd00:10:244:/);
  });

  test("a Service of both families answers on both: by its addresses, by NodePort at both addresses of every node", async () => {
    const [pod] = (await startWhereAmI(cluster)) as [KubernetesObject];
    await cluster.kubectl(
      `patch service whereami -n default -p '{"spec":{"type":"NodePort","ipFamilyPolicy":"PreferDualStack"}}'`,
    );
    const { spec } = await cluster.get("service whereami -n default");
    assert.equal(spec.clusterIPs.length, 2);
    const [{ nodePort }] = spec.ports;
    const nodes = (await cluster.list("nodes")).flatMap(internalAddresses);
    assert.equal(nodes.length, 4);
    for (const server of [...spec.clusterIPs, ...nodes.map((address) => hostPort(address, nodePort))])
      await eventually(`an answer from ${server}`, 60, async () => (await whereAmI(pod, server)) === "w1");
  });

  test("pods reach pods of another node, and the DNS, by either family", async () => {
    const [pod] = (await cluster.list("pods -n default -l app=whereami")) as [KubernetesObject];
    const dns = await cluster.list("pods -n kube-system -l k8s-app=kube-dns");
    const { spec } = await cluster.get("service kube-dns -n kube-system");
    const servers = [...spec.clusterIPs, ...dns.flatMap(({ status }) => status.podIPs.map(({ ip }: { ip: string }) => ip))];
    assert.equal(servers.length, 6);
    for (const server of servers) {
      const script = `
        import { Resolver } from "node:dns/promises";
        const resolver = new Resolver({ timeout: 2000, tries: 5 });
        resolver.setServers(["${server}"]);
        const name = "whereami.default.svc.cluster.local";
        console.log([await resolver.resolve4(name), await resolver.resolve6(name)].map((found) => found.length).join());`;
      assert.equal((await inPod(pod, script)).trim(), "1,1", server);
    }
  });

  test("the API answers at both virtual IPs and at both addresses of the control plane", async () => {
    const kubeconfig = await stack.output("kubeconfig");
    for (const address of [config.api.address].flat()) await answersAt(kubeconfig, hostPort(address, 8443));
    for (const address of [config.hosts.m1?.address ?? ""].flat()) await answersAt(kubeconfig, hostPort(address, 6443));
  });

  test("the pods' range grows: nodes keep their parts, and a third node gets one of the new", async () => {
    const before = await cluster.list("nodes");
    Object.assign(config.network as object, { podCidr: ["10.244.0.0/16", "fd00:10:244::/56"] });
    const [subnet = "", subnet6 = ""] = config.nodeCidrs;
    const address = [hostAt(subnet, 22).address, hostAt(subnet6, 22).address] as unknown as string;
    config.hosts.w2 = { ...hostAt(subnet, 22, "worker"), address };
    stack.configure(config);
    await stack.up();
    cluster = new TestCluster(config);
    await cluster.settled(300);
    for (const { metadata, spec } of before)
      assert.deepEqual((await cluster.get(`node ${metadata.name}`)).spec.podCIDRs, spec.podCIDRs);
    assert.match((await cluster.get("node w2")).spec.podCIDRs.join(), /^10\.244\.1\.\d+\/25,fd00:10:244:/);
    await cluster.kubectl("rollout status -n default daemonset/whereami --timeout=120s");
    for (const pod of await cluster.list("pods -n default -l app=whereami")) {
      const found = new Set<string>();
      for (const { status } of await cluster.list("pods -n default -l app=whereami"))
        for (const { ip } of status.podIPs) found.add(await whereAmI(pod, hostPort(ip, 5353)));
      assert.deepEqual(found, new Set(["w1", "w2"]), pod.spec.nodeName);
    }
  });
});
