// hosts without IPv4: nodes, pods, Services, DNS, the virtual IP

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostPort } from "../../config/addresses.ts";
import { inPod, type KubernetesObject } from "../harness/cluster.ts";
import { answersAt, internalAddresses } from "../harness/families.ts";
import { eventually } from "../harness/process.ts";
import { labCluster, onIpv6 } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";
import { assertPodsReachEachOther } from "../harness/workload.ts";

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
    assert.match(await cluster.host("m1").sh("nft list table inet ha_kubernetes"), /ip6 saddr (\{ )?fd\S+( \})? accept/);
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
