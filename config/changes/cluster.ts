import { inside, listOf, type Range, range } from "../addresses.ts";
import { keyPath, oneProblem, shown } from "../problems.ts";
import type { Recorded } from "../record.ts";
import { defaultNodeMask } from "../schema/network.ts";
import type { Refusal } from "./change.ts";

// What can't change in a cluster's life.

type Fixed = "name" | "provider" | "serviceCidr" | "dnsDomain" | "etcdDataDirectory";

const fixed = (field: Fixed, path: readonly string[], says: string, cure: string): Refusal => ({
  says,
  check: ({ before, after }) =>
    before[field] === after[field]
      ? []
      : oneProblem(keyPath(path), `is ${shown(after[field])}; the last up had ${before[field]}`, before[field], cure),
});

const another = "put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one";

const podsGrow: Refusal = {
  says: "The pods' range only grows, to one that holds it: every node keeps its part. No family is added.",
  check({ before, after }) {
    const [was, is] = [listOf(before.podCidr).map(range), listOf(after.podCidr).map(range)];
    if (was.length === is.length && was.every((old, index) => inside(old, is[index] as Range))) return [];
    const found = `is ${shown(after.podCidr)}; the last up had ${before.podCidr}`;
    return oneProblem(keyPath(["network", "podCidr"]), found, `${before.podCidr}, or a range that holds it`, another);
  },
};

const masksRise: Refusal = {
  says: "`network.nodeMask` only rises: a node that goes would free the parts of others with a range that was cut finer.",
  check({ before: { nodeMask: was = defaultNodeMask }, after: { nodeMask: is = defaultNodeMask } }) {
    return (["ipv4", "ipv6"] as const)
      .filter((family) => is[family] < was[family])
      .flatMap((family) => {
        const found = `is ${is[family]}; the last up had ${was[family]}`;
        return oneProblem(keyPath(["network", "nodeMask", family]), found, `${was[family]} or more`);
      });
  },
};

const podNetwork: Refusal = {
  says: "The pod network doesn't change, nor flannel's backend and port: flannel's documentation advises against it, because nodes that have changed and nodes that haven't don't reach each other's pods.",
  override: "pod-network",
  check({ before, after }) {
    if (before.podNetwork === undefined || after.podNetwork === undefined || before.podNetwork === after.podNetwork) return [];
    const cure = "put network.plugin, network.flannel.backend and network.flannel.port back, or make a new stack beside this one";
    return oneProblem(
      keyPath(["network"]),
      `makes the pod network ${shown(after.podNetwork)}; the last up had ${before.podNetwork}`,
      before.podNetwork,
      cure,
    );
  },
};

const ofOlder = ({ hosts }: Recorded) =>
  Object.values(hosts).some(({ roles }) => roles.includes("balancer")) ? "vrrp" : "external";
const wayOf = (recorded: Recorded) => recorded.balancer ?? ofOlder(recorded);

const sameWay: Refusal = {
  says: "How clients find the balancers doesn't change: by a virtual IP, a routed address, or at each node. Clients would lose the API in between.",
  check({ before, after }) {
    const [was, is] = [wayOf(before), wayOf(after)];
    // An external balancer stays where it is while ours comes, and the other way round.
    if (was === is || (own(was) && own(is))) return [];
    const key = was === "node-local" || is === "node-local" ? "kind" : "address";
    return oneProblem(keyPath(["balancer", key]), `makes it ${is}; the last up had ${was}`, was, another);
  },
};
const own = (way: string) => way === "vrrp" || way === "external";

/** Refusals about what a cluster was born with. */
export const clusterRefusals: readonly Refusal[] = [
  podNetwork,
  fixed("name", ["name"], "The cluster's name doesn't change: hosts carry it in their owner mark.", another),
  fixed("provider", ["provider"], "The provider doesn't change.", another),
  podsGrow,
  masksRise,
  fixed(
    "serviceCidr",
    ["network", "serviceCidr"],
    "The Services' range doesn't change: Services and certificates carry addresses of it.",
    another,
  ),
  fixed("dnsDomain", ["network", "dnsDomain"], "The DNS domain doesn't change: running pods and certificates carry it.", another),
  sameWay,
  fixed(
    "etcdDataDirectory",
    ["etcd", "dataDirectory"],
    "etcd's data directory doesn't change: all members would start empty.",
    "put it back; to move the data, replace the members one by one by hosts with a dataDevice",
  ),
];
