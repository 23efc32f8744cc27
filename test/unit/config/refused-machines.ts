import type { Recorded } from "../../../config/record.ts";
import { host, member, type RefusedChange, worker } from "./changes-samples.ts";

// Instances.

/** Three stacked control planes and two workers on aws. */
export function onAws(): Recorded {
  const zone = (number: number) => `eu-central-1${"abc"[(number - 1) % 3]}`;
  const born = "m7i.large, ubuntu-24.04, generation 1";
  const made = (number: number) => {
    const { address: _, ...it } = member(number, ["etcd", "control-plane"]);
    return { ...it, machine: { zone: zone(number), born } };
  };
  const node = (number: number) => {
    const { address: _, ...it } = worker("");
    return { ...it, machine: { zone: zone(number), born, pool: "general" } };
  };
  return {
    name: "prod",
    provider: "aws",
    kubernetesVersion: "1.36.3",
    versions: { etcd: "3.6.14", containerd: "2.3.4", runc: "1.4.3", cniPlugins: "1.9.1", flannel: "0.28.4", coredns: "1.14.2" },
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    dnsDomain: "cluster.local",
    etcdDataDirectory: "/var/lib/etcd",
    hosts: { m1: made(1), m2: made(2), m3: made(3), w1: node(1), w2: node(2) },
    maxUnavailable: { general: 1 },
    network: "a VPC of 10.0.0.0/16, the API private",
  };
}

/** Gives a host another instance. */
export function another(recorded: Recorded, name: string, born = "m7i.xlarge, ubuntu-24.04, generation 1"): void {
  const it = host(recorded, name);
  if (it.machine !== undefined) it.machine = { ...it.machine, born };
}

export const refusedMachines: readonly RefusedChange[] = [
  {
    change: "instances of two control planes",
    from: onAws,
    after: (a) => {
      another(a, "m1");
      another(a, "m2");
    },
    keys: ["cluster.hosts.m1", "cluster.hosts.m2"],
  },
  {
    change: "instance of one member, another one replaced",
    from: onAws,
    after: (a) => {
      another(a, "m1");
      a.hosts.m4 = { ...host(a, "m2") };
      delete a.hosts.m2;
    },
    keys: ["cluster.hosts.m1"],
  },
  {
    change: "instances of all workers",
    from: onAws,
    after: (a) => {
      another(a, "w1");
      another(a, "w2");
    },
    keys: ["cluster.pools.general"],
  },
  {
    change: "instance with a version",
    from: onAws,
    before: (b) => {
      b.kubernetesVersion = "1.36.1";
    },
    after: (a) => another(a, "m1"),
    keys: ["cluster.hosts"],
  },
  {
    change: "zone",
    from: onAws,
    after: (a) => {
      host(a, "m1").machine = { zone: "eu-central-1b", born: "m7i.large, ubuntu-24.04, generation 1" };
    },
    keys: ["cluster.hosts.m1.aws.zone"],
  },
  {
    change: "the VPC's range",
    from: onAws,
    after: (a) => {
      a.network = "a VPC of 10.8.0.0/16, the API private";
    },
    keys: ["cluster.aws"],
  },
];
