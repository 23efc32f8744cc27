import type { Recorded, RecordedHost } from "../../../config/record.ts";

/** A host with the roles of a stacked control plane, or others, at 10.0.0.(10 + number). */
export function member(number: number, roles: RecordedHost["roles"] = ["etcd", "balancer", "control-plane"]): RecordedHost {
  return { address: `10.0.0.${10 + number}`, roles, lost: false, incarnation: 1 };
}

export function worker(address: string, more: Partial<RecordedHost> = {}): RecordedHost {
  return { address, roles: ["worker"], lost: false, incarnation: 1, ...more };
}

/** A host that is known to be there. */
export function host(recorded: Recorded, name: string): RecordedHost {
  const found = recorded.hosts[name];
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
}

const recorded = (hosts: Recorded["hosts"]): Recorded => ({
  name: "prod",
  provider: "baremetal",
  kubernetesVersion: "1.36.3",
  versions: { etcd: "3.6.14", containerd: "2.3.4", runc: "1.4.3", cniPlugins: "1.9.1", flannel: "0.28.4", coredns: "1.14.2" },
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  dnsDomain: "cluster.local",
  etcdDataDirectory: "/var/lib/etcd",
  hosts: { ...hosts, w1: worker("10.0.0.21"), w2: worker("10.0.0.22") },
});

const members = (...numbers: number[]) => Object.fromEntries(numbers.map((number) => [`m${number}`, member(number)]));

/** Three stacked control planes and two workers. */
export const three = () => recorded(members(1, 2, 3));

/** The same with five. */
export const five = () => recorded(members(1, 2, 3, 4, 5));

/** etcd, balancers and control planes on hosts of their own. */
export const apart = () =>
  recorded({
    ...Object.fromEntries([1, 2, 3].map((number) => [`e${number}`, member(number, ["etcd"])])),
    ...Object.fromEntries([1, 2, 3].map((number) => [`c${number}`, member(20 + number, ["control-plane"])])),
    ...Object.fromEntries([1, 2].map((number) => [`b${number}`, member(50 + number, ["balancer"])])),
  });

/** A change that must be refused. */
export interface RefusedChange {
  change: string;
  from: () => Recorded;
  /** Edits what the last `up` recorded. */
  before?: (b: Recorded) => void;
  /** Edits what this one is to make. */
  after?: (a: Recorded) => void;
  /** The key of every problem, in order; test/golden/config-messages.txt has their texts. */
  keys: readonly string[];
}
