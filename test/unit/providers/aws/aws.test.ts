import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { parse } from "yaml";
import { graphOf, type Registered } from "../../../harness/graph.ts";

// The whole program on AWS, under Pulumi's mocks: each example.

type Graph = Map<string, Registered>;
// biome-ignore lint/suspicious/noExplicitAny: inputs of resources
type Inputs = any;

const example = (name: string) =>
  parse(readFileSync(new URL(`../../../../examples/Pulumi.aws-${name}.yaml`, import.meta.url), "utf8")).config;

/** The graph of an example, changed by `edit`. */
function graphOfExample(name: string, edit: (cluster: Inputs) => void = () => {}, recorded?: object): Promise<Graph> {
  const config = example(name);
  const cluster = config["ha-kubernetes:cluster"];
  edit(cluster);
  return graphOf(cluster, recorded, { "aws:region": config["aws:region"] });
}

const ofType = (graph: Graph, type: string): [name: string, it: Registered & { inputs: Inputs }][] =>
  [...graph].filter(([key]) => key.startsWith(`aws:${type} `)).map(([key, it]) => [key.slice(key.indexOf(" ") + 1), it]);

const named = (graph: Graph, type: string, name: string): Registered & { inputs: Inputs } => {
  const it = graph.get(`aws:${type} ${name}`);
  assert.ok(it, `${type} ${name} is in the graph`);
  return it;
};

/** The value inside a secret. */
const opened = (value: Inputs): Inputs => (typeof value === "object" && "value" in value ? value.value : value);

const instance = "ec2/instance:Instance";
const eni = "ec2/networkInterface:NetworkInterface";
const volume = "ebs/volume:Volume";

for (const name of ["small", "production", "existing-vpc"]) {
  suite(`aws-${name}`, () => {
    let graph: Graph;
    const { hosts, aws } = example(name)["ha-kubernetes:cluster"];
    const hostNames = Object.keys(hosts);
    before(async () => {
      graph = await graphOfExample(name);
    });

    test("every host is an instance in a private subnet of its zone, at an address of its own", () => {
      const instances = ofType(graph, instance).filter(([it]) => it !== "bastion");
      assert.deepEqual(instances.map(([it]) => it).sort(), hostNames.map((it) => `instance-${it}`).sort());
      for (const host of hostNames) {
        const { inputs } = named(graph, instance, `instance-${host}`);
        assert.deepEqual(inputs.primaryNetworkInterface, { networkInterfaceId: `eni-${host}-id` });
        assert.equal(inputs.associatePublicIpAddress, undefined);
        const zone = aws.zones[(Number(host.match(/\d+$/)?.[0]) - 1) % 3];
        const subnet = aws.network?.existing?.privateSubnetIds[zone] ?? `private-${zone}-id`;
        assert.equal(named(graph, eni, `eni-${host}`).inputs.subnetId, subnet);
      }
    });

    test("instances take IMDSv2 only, one hop away, and have encrypted root disks", () => {
      for (const [it, { inputs, options }] of ofType(graph, instance)) {
        assert.equal(inputs.metadataOptions.httpTokens, "required", it);
        assert.equal(inputs.metadataOptions.httpPutResponseHopLimit, 1, it);
        assert.equal(inputs.rootBlockDevice.encrypted, true, it);
        assert.equal(inputs.rootBlockDevice.volumeType, "gp3", it);
        assert.ok(options.ignoreChanges.includes("ami"), `${it}: a newer image replaces nothing`);
        assert.ok(options.deleteBeforeReplace, it);
        assert.deepEqual(options.additionalSecretOutputs.sort(), ["userData", "userDataBase64"]);
      }
    });

    test("every etcd member has an encrypted volume in its instance's zone", () => {
      const members = hostNames.filter((host) => hosts[host].roles.includes("etcd"));
      const volumes = ofType(graph, volume);
      assert.deepEqual(volumes.map(([it]) => it).sort(), members.map((it) => `etcd-volume-${it}`).sort());
      for (const [it, { inputs, options }] of volumes) {
        const host = it.slice("etcd-volume-".length);
        assert.equal(inputs.encrypted, true);
        assert.equal(inputs.availabilityZone, aws.zones[(Number(host.at(-1)) - 1) % 3]);
        assert.equal(options.protect, aws.etcdVolume?.protect ?? false);
        const { inputs: attachment } = named(graph, "ec2/volumeAttachment:VolumeAttachment", `etcd-attachment-${host}`);
        assert.equal(attachment.stopInstanceBeforeDetaching, true);
        const create = String(graph.get(`command:remote:Command etcd-${host}`)?.inputs.create);
        assert.match(create, /setting DATA_DEVICE=\/dev\/disk\/by-id\/nvme-Amazon_Elastic_Block_Store_etcdvolume/);
      }
    });

    test("nothing is open to the whole internet; who may come in are groups and the config's ranges", () => {
      const ranges = [
        ...(aws.api?.allowedCidrs ?? []),
        ...(aws.ssh.allowedCidrs ?? []),
        ...(aws.ssh.bastion?.allowedCidrs ?? []),
      ];
      const nodeCidrs: string[] = example(name)["ha-kubernetes:cluster"].nodeCidrs;
      for (const [it, { inputs }] of ofType(graph, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")) {
        if (inputs.referencedSecurityGroupId === undefined) assert.ok([...ranges, ...nodeCidrs].includes(inputs.cidrIpv4), it);
        assert.notEqual(inputs.cidrIpv4, "0.0.0.0/0", it);
        assert.equal(inputs.fromPort, inputs.toPort, it);
      }
      for (const [it, { inputs }] of ofType(graph, "ec2/securityGroup:SecurityGroup")) {
        assert.equal(inputs.ingress, undefined, it);
      }
    });

    test("every control plane is behind the balancer once its command is through, and no other host", () => {
      const attachments = ofType(graph, "lb/targetGroupAttachment:TargetGroupAttachment");
      const controlPlanes = hostNames.filter((host) => hosts[host].roles.includes("control-plane"));
      assert.deepEqual(attachments.map(([it]) => it).sort(), controlPlanes.map((it) => `target-${it}`).sort());
      for (const [it, { options }] of attachments) {
        const host = it.slice("target-".length);
        assert.ok(
          options.dependencies.some((urn) => urn.endsWith(`::control-plane-${host}`)),
          it,
        );
      }
      const { inputs } = named(graph, "lb/targetGroup:TargetGroup", "api");
      assert.equal(inputs.preserveClientIp, "false");
      assert.deepEqual([inputs.healthCheck.protocol, inputs.healthCheck.path], ["HTTPS", "/readyz"]);
      assert.equal(named(graph, "lb/loadBalancer:LoadBalancer", "api").inputs.internal, !(aws.api?.public ?? false));
    });

    test("everything carries the cluster's tags; only one group of an instance is the cloud controller's", () => {
      const clusterName = example(name)["ha-kubernetes:cluster"].name;
      for (const [key, { type, inputs }] of graph) {
        if (!type.startsWith("aws:") || !("tags" in inputs)) continue;
        // A group's are a list.
        const list = Array.isArray(inputs.tags)
          ? inputs.tags.map(({ key, value }) => [key, value])
          : Object.entries(inputs.tags as object);
        const tags = Object.fromEntries(list) as Record<string, string>;
        assert.equal(tags["ha-kubernetes/cluster"], clusterName, key);
        for (const [tag, value] of Object.entries(aws.tags ?? {})) assert.equal(tags[tag], value, key);
      }
      const tagged = ofType(graph, "ec2/securityGroup:SecurityGroup").filter(
        ([, { inputs }]) => inputs.tags[`kubernetes.io/cluster/${clusterName}`] !== undefined,
      );
      assert.deepEqual(
        tagged.map(([it]) => it),
        ["nodes"],
      );
    });

    test("commands go with the group that all hosts share, and reach hosts by keys of the program's own", () => {
      const commands = [...graph].filter(([key]) => key.startsWith("command:remote:"));
      assert.ok(commands.length >= 3 * hostNames.length);
      for (const [key, { inputs, options }] of commands) {
        assert.match(options.deletedWith, /aws:ec2\/securityGroup:SecurityGroup::nodes$/, key);
        const connection = opened(inputs.connection);
        assert.match(connection.hostKey, /^ssh-ed25519 public-host-key-/, key);
        assert.equal(connection.user, "ops", key);
        assert.equal(connection.proxy !== undefined, aws.ssh.bastion !== undefined, key);
      }
    });

    test("no visible text holds a secret", () => {
      for (const [key, { type, inputs }] of graph) {
        if (type.startsWith("tls:")) continue;
        for (const [input, value] of Object.entries(inputs)) {
          if (["stdin", "connection", "userData"].includes(input)) continue;
          assert.doesNotMatch(JSON.stringify(value) ?? "", /key of|token-of/, `${key} ${input}`);
        }
      }
    });
  });
}

test("a public API lets hosts in from the NAT gateways, where the VPC is the program's own", async () => {
  const graph = await graphOfExample("small", (c) => {
    c.aws.api = { public: true, allowedCidrs: ["203.0.113.0/24"] };
  });
  const rule = named(graph, "vpc/securityGroupIngressRule:SecurityGroupIngressRule", "api-6443-tcp-from-nat-eu-central-1a");
  assert.equal(rule.inputs.cidrIpv4, "198.51.100.7/32");
  assert.equal(named(graph, "lb/loadBalancer:LoadBalancer", "api").inputs.internal, false);
});

suite("another instance", () => {
  const texts = (graph: Graph, host: string) =>
    [...graph]
      .filter(([key]) => key.startsWith("command:") && key.endsWith(`-${host}`))
      .map(([key, { inputs }]) => [key, String(inputs.update ?? inputs.create), JSON.stringify(inputs.triggers)] as const);

  test("every stage's text names the instance it runs on; only the scripts, a worker's stage, its join and a handover are replaced with it", async () => {
    const graph = await graphOfExample("small");
    for (const host of ["m1", "w1"]) {
      for (const [key, text, triggers] of texts(graph, host)) {
        const join = key.includes(" join-");
        const scripts = key.includes(" scripts-");
        if (!join && !scripts) assert.match(text, new RegExp(`# setting MACHINE=instance-${host}-id`), key);
        assert.equal(
          // Until an `up` has recorded a host, preflight runs in each one.
          triggers?.replace(/,"\d{4}-[^"]+Z"/, ""),
          join || scripts || key.includes(" worker-") || key.includes(" handover-") ? `[1,"instance-${host}-id"]` : "[1]",
          key,
        );
      }
    }
  });

  test("its user data stays the same text until the config wants another one", async () => {
    const userData = async (edit?: (cluster: Inputs) => void) =>
      String(opened(named(await graphOfExample("small", edit), instance, "instance-m1").inputs.userData));
    const before = await userData();
    // Another text REPLACES every instance of every stack: see userData.
    assert.equal(
      before,
      `#cloud-config
# m1: t3.medium, ubuntu-24.04, generation 1, incarnation 1
disable_root: true
ssh_pwauth: false
ssh_deletekeys: true
ssh_keys:
  ed25519_private: key of host-key-m1
  ed25519_public: ssh-ed25519 public-host-key-m1
users:
  - name: ops
    shell: /bin/bash
    lock_passwd: true
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys:
      - ssh-ed25519 public-login-key
`,
    );
    assert.equal(await userData((c) => (c.hosts.w3 = c.hosts.w2)), before, "another host changes nothing");
    assert.notEqual(await userData((c) => (c.hosts.m1.aws = { generation: 2 })), before);
    assert.notEqual(await userData((c) => (c.hosts.m1.incarnation = 2)), before);
    assert.notEqual(await userData((c) => (c.aws.machines.controlPlane.image = { os: "debian-12" })), before);
  });
});
