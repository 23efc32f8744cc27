// hosts with IPv4 and IPv6: nodes, pods, Services, DNS, virtual IPs; small parts of a pods' range that grows

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostPort } from "../../config/addresses.ts";
import { inPod, type KubernetesObject, TestCluster } from "../harness/cluster.ts";
import { answersAt, internalAddresses } from "../harness/families.ts";
import { eventually } from "../harness/process.ts";
import { type ClusterConfig, hostAt, labCluster, onBoth } from "../harness/samples.ts";
import { onCluster } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";
import { startWhereAmI } from "../harness/workload.ts";

/** What a server answers to a pod that asks for the name of its node. */
async function whereAmI(pod: KubernetesObject, server: string): Promise<string> {
  const script = `
    import { Resolver } from "node:dns/promises";
    const resolver = new Resolver({ timeout: 2000, tries: 5 });
    resolver.setServers(["${server}"]);
    console.log((await resolver.resolveTxt("node.test")).flat().join());`;
  return (await inPod(pod, script)).trim();
}

const both = onBoth(smallest(labCluster("test-dual-stack", await takeSubnet(), 1)));
both.etcd = { throwAway: true };
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
    const old = await cluster.list("nodes");
    Object.assign(config.network as object, { podCidr: ["10.244.0.0/16", "fd00:10:244::/56"] });
    const [subnet = "", subnet6 = ""] = config.nodeCidrs;
    const address = [hostAt(subnet, 22).address, hostAt(subnet6, 22).address] as unknown as string;
    config.hosts.w2 = { ...hostAt(subnet, 22, "worker"), address };
    stack.configure(config);
    await stack.up();
    cluster = new TestCluster(config);
    await cluster.settled(300);
    for (const { metadata, spec } of old)
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
