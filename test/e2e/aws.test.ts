// a cluster of provider aws: moto serves the API, lab hosts are the instances, relays are the balancer and the names; an instance is replaced

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { DescribeTargetGroupsCommand, DescribeTargetHealthCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { awsLock } from "../../providers/aws/addons/lock.ts";
import { CloudControllerStandIn } from "../aws/cloud-controller.ts";
import { volumePath } from "../aws/lab.ts";
import { everything } from "../aws/left.ts";
import { type LabRegion, loopDevices, startRegion } from "../aws/region.ts";
import { bundleManifest, fillBundle } from "../harness/bundle.ts";
import { isReady } from "../harness/cluster.ts";
import { eventually, must } from "../harness/process.ts";
import type { ClusterConfig } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";
import { containersOf, traces } from "../harness/traces.ts";
import { assertPodsReachEachOther } from "../harness/workload.ts";

const name = "test-aws";
const vpcCidr = await takeSubnet(20);
/** An address in the subnet that the provider gives the zone with this number: the VPC's range in fours. */
const inZone = (zone: number, last: number) =>
  vpcCidr.replace(/(\d+)\.0\/20$/, (_, third) => `${Number(third) + 4 * zone}.${last}`);
const hosts: ClusterConfig["hosts"] = {
  // Fixed, so that this file can name them; in subnets of the zones that their numbers say.
  m1: { address: inZone(0, 11), roles: ["etcd", "control-plane"] },
  m2: { address: inZone(1, 12), roles: ["etcd", "control-plane"] },
  m3: { address: inZone(2, 13), roles: ["etcd", "control-plane"] },
  w1: { address: inZone(0, 21), roles: ["worker"], pool: "general" },
  w2: { address: inZone(1, 22), roles: ["worker"], pool: "general" },
};
const config = {
  name,
  provider: "aws",
  kubernetesVersion: "1.36.3",
  nodeCidrs: [vpcCidr],
  api: { domainName: `api.${name}.internal`, port: 6443 },
  hosts,
  pools: { general: {} },
  // Copies to S3 are signed with the instance's role, which a lab host does not have.
  etcd: { backup: { enabled: false } },
  // Bundles do not hold its images.
  addons: { ebsCsi: false },
  artifacts: { source: "bundle", manifest: bundleManifest },
  aws: {
    zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
    network: { vpcCidr },
    ssh: { allowedCidrs: [vpcCidr] },
  },
} as unknown as ClusterConfig;

let region: LabRegion;
let fresh: string[];
let cloudController: CloudControllerStandIn | undefined;

after(async () => {
  cloudController?.stop();
  await region?.stop();
});

/** Ids of the instances that run, by host. */
async function instances(): Promise<Record<string, string>> {
  const { Reservations = [] } = await region.clients.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: "instance-state-name", Values: ["running"] }] }),
  );
  return Object.fromEntries(
    Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceId = "", Tags = [] }) => [
      Tags.find(({ Key }) => Key === "ha-kubernetes/host")?.Value ?? "",
      InstanceId,
    ]),
  );
}

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;

    /** Waits until all nodes are Ready, and all pods except the cloud controller's, which needs instance metadata. */
    const settled = () =>
      eventually("nodes and pods to be ready", 240, async () => {
        await cluster.nodesReady(1);
        const pods = await cluster.list("pods -A");
        const waiting = pods.filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name);
        const others = waiting.filter((pod) => !pod.startsWith("aws-cloud-controller-manager-"));
        if (others.length > 0) throw new Error(`not ready: ${others.join(", ")}`);
        return true;
      });
    const members = async () =>
      JSON.parse(await cluster.etcdctl("member list -w json")).members as { ID: number; name: string }[];
    /** The link of the volume with a member's data; asserts that the data is on its device. */
    const disk = async (host: string) => {
      const found = await cluster
        .host(host)
        .sh("findmnt -no SOURCE /var/lib/etcd; ls /dev/disk/by-id; readlink /dev/disk/by-id/*");
      const [device, link, target] = found.trim().split("\n");
      assert.equal(device, target);
      return link;
    };

    test("five nodes are Ready, and each has the provider ID of its instance", async () => {
      await settled();
      const running = await instances();
      for (const { metadata, spec } of await cluster.list("nodes")) {
        assert.match(spec.providerID, new RegExp(`^aws:///eu-central-1[abc]/${running[metadata.name]}$`));
      }
    });

    test("three etcd members are healthy, each with its data on its own volume", async () => {
      const health = JSON.parse(await cluster.etcdctl("endpoint health -w json"));
      assert.deepEqual(
        health.map(({ health }: { health: boolean }) => health),
        [true, true, true],
      );
      const links = await Promise.all(["m1", "m2", "m3"].map(disk));
      assert.equal(new Set(links).size, 3);
      for (const link of links) assert.ok(link?.startsWith(volumePath("vol-").split("/").at(-1) ?? ""), link);
    });

    test("the API answers at its name through the balancer, which has the three control planes as targets", async () => {
      const { TargetGroups: [group] = [] } = await region.clients.elb.send(new DescribeTargetGroupsCommand());
      const health = await region.clients.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: group?.TargetGroupArn }));
      const running = await instances();
      assert.deepEqual(
        health.TargetHealthDescriptions?.map(({ Target }) => Target?.Id).sort(),
        [running.m1, running.m2, running.m3].sort(),
      );
      for (const host of ["m1", "w1"]) {
        const answer = await cluster
          .host(host)
          .sh(`curl -sS --max-time 10 --cacert /etc/kubernetes/pki/ca.crt https://api.${name}.internal:6443/readyz`);
        assert.equal(answer, "ok");
      }
    });

    test("a pod gets answers from CoreDNS, and pods on different nodes reach each other through a Service", () =>
      assertPodsReachEachOther(cluster));

    test("a second up changes nothing and runs nothing on any host", () => assertNothingRuns(scenario));

    test("an instance is replaced: its member returns from its volume with its address, and its Node is the new instance", async () => {
      const [before, was, volume] = [await members(), await instances(), await disk("m1")];
      const edited = structuredClone(config);
      (edited.hosts.m1 as Record<string, unknown>).aws = { generation: 2 };
      stack.configure(edited);
      const { text } = await stack.up();
      assert.match(text, /instance-m1 .*replaced/);
      await settled();
      const now = await instances();
      assert.notEqual(now.m1, was.m1);
      for (const host of ["m2", "m3", "w1", "w2"]) assert.equal(now[host], was[host]);
      // A member without its data would have another id.
      assert.deepEqual(await members(), before);
      assert.equal(await disk("m1"), volume);
      assert.match((await cluster.get("node m1")).spec.providerID, new RegExp(`${now.m1}$`));
      await assertNothingRuns(scenario);
    });

    test("destroy leaves nothing in AWS and nothing on this machine", async () => {
      cloudController?.stop();
      const containers = await containersOf(name);
      assert.equal(containers.length, 5);
      assert.ok((await everything(region.clients)).length > fresh.length + 50);
      assert.equal((await loopDevices(region.folder)).length, 3);
      await stack.destroy();
      assert.deepEqual(
        (await everything(region.clients)).filter((line) => !fresh.includes(line)),
        [],
      );
      assert.deepEqual(await loopDevices(region.folder), []);
      assert.deepEqual(await containersOf(name), []);
      assert.deepEqual(stack.resources(), []);
      region.balancer.stop();
      await must("bash", ["lab/network.sh", "delete", name]);
      assert.deepEqual(await traces(name, containers), []);
    });
  },
  {
    engine: "test/aws/engine.ts",
    prepare: async ({ stack, cluster }) => {
      await fillBundle("1.36.3", [awsLock.path]);
      region = await startRegion(name, vpcCidr);
      fresh = await everything(region.clients);
      stack.setEnvironment({ ...region.environment });
      cloudController = new CloudControllerStandIn(region.clients, cluster);
      cloudController.start();
    },
  },
);
