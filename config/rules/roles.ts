import { buildsBalancer } from "../api.ts";
import { counted, oneProblem, type Problem, shown } from "../problems.ts";
import { joinsAsWorker } from "../roles.ts";
import type { Role } from "../schema.ts";
import { at, eachHost, hostsOf, liveHostsOf, type Rule } from "./rule.ts";

// How many hosts of which role, and which roles go together.

const listed = (names: readonly string[]) => (names.length === 0 ? "" : `: ${names.join(", ")}`);
const hasHostsOf = (role: Role, names: readonly string[]) =>
  `has ${counted(names.length, "host")} of role ${role}${listed(names)}`;

function etcdCure(count: number): string {
  if (count === 0) return "give 3 hosts the role etcd";
  if (count === 1) return "add two, or set cluster.etcd.throwAway: true where the cluster may be lost with that host";
  if (count > 5) return "keep 5: every write waits for a majority, so more members are slower, not safer";
  return "add one or take one away: an even number survives no more failures than the odd number below it";
}

const etcdCount: Rule = {
  says: "etcd has 3 or 5 hosts; 1 only with `etcd.throwAway`. Lost hosts may be counted or not, but a majority must be left.",
  check(cluster) {
    const fits = (count: number) => count === 3 || count === 5 || (count === 1 && cluster.etcd.throwAway);
    const all = hostsOf(cluster, "etcd");
    const live = liveHostsOf(cluster, "etcd");
    if (fits(live.length)) return [];
    if (!fits(all.length)) {
      const allowed = "3 or 5 hosts of role etcd (1 with cluster.etcd.throwAway: true)";
      return oneProblem(at("hosts"), hasHostsOf("etcd", all), allowed, etcdCure(all.length));
    }
    if (live.length > all.length / 2) return [];
    const lost = all.filter((name) => !live.includes(name));
    return oneProblem(
      at("hosts"),
      `has lost ${lost.length} of ${counted(all.length, "host")} of role etcd${listed(lost)}`,
      `at most ${Math.floor((all.length - 1) / 2)} lost, so that a majority is left`,
      "bring one of them back; without a majority etcd can only be restored from a snapshot",
    );
  },
};

const controlPlaneCount: Rule = {
  says: "There are 2 or more control planes; 1 only with `etcd.throwAway`.",
  check(cluster) {
    const all = hostsOf(cluster, "control-plane");
    const live = liveHostsOf(cluster, "control-plane");
    const key = at("hosts");
    if (all.length < 2 && !(all.length === 1 && cluster.etcd.throwAway)) {
      const allowed = "2 or more hosts of role control-plane, better 3 (1 with cluster.etcd.throwAway: true)";
      return oneProblem(key, hasHostsOf("control-plane", all), allowed);
    }
    if (live.length > 0) return [];
    return oneProblem(key, `has lost every host of role control-plane${listed(all)}`, "at least one that is not lost");
  },
};

const balancerCount: Rule = {
  says: "With `balancer.kind: haproxy` 2 or more hosts have the role balancer (1 with `etcd.throwAway`); with `node-local` or `external`, or with a provider that has a balancer, none has it.",
  check(cluster) {
    if (cluster.traits.ownsEndpoint)
      return eachHost(cluster, (name, { roles }) =>
        roles.includes("balancer")
          ? oneProblem(
              at("hosts", name, "roles"),
              `is ${shown(roles)}`,
              `no role balancer, because provider ${cluster.provider} has a balancer in front of the apiservers`,
            )
          : [],
      );
    const all = hostsOf(cluster, "balancer");
    const key = at("hosts");
    const found = hasHostsOf("balancer", all);
    if (!buildsBalancer(cluster)) {
      if (all.length === 0) return [];
      const cure = "take the role away, or set cluster.balancer.kind: haproxy";
      return oneProblem(key, found, `none, because cluster.balancer.kind is ${cluster.balancer.kind}`, cure);
    }
    if (all.length < 2 && !(all.length === 1 && cluster.etcd.throwAway)) {
      return oneProblem(
        key,
        found,
        "2 or more hosts of role balancer (1 with cluster.etcd.throwAway: true)",
        "give the role to two control planes, or set cluster.balancer.kind: external",
      );
    }
    if (liveHostsOf(cluster, "balancer").length > 0) return [];
    return oneProblem(key, `has lost every host of role balancer${listed(all)}`, "at least one that is not lost");
  },
};

const rolesTogether: Rule = {
  says: "A worker that is not a control plane has no other role, and no role is given twice.",
  check: (cluster) =>
    eachHost(cluster, (name, { roles }) => {
      const key = at("hosts", name, "roles");
      const found = `is ${shown(roles)}`;
      if (new Set(roles).size < roles.length) return oneProblem(key, found, "each role once");
      if (!joinsAsWorker(roles) || roles.length === 1) return [];
      const cure = "a worker holds no credential of etcd or of the balancers, so that its pods can't get at one";
      return oneProblem(key, found, "worker alone, worker with control-plane, or any of the others", cure);
    }),
};

const poolOfWorkers: Rule = {
  says: "A worker names a pool that `pools` has. A control plane with the role worker may name one; other hosts name none.",
  check: (cluster) =>
    eachHost(cluster, (name, { roles, pool }) => {
      const key = at("hosts", name, "pool");
      if (!roles.includes("worker")) {
        if (pool === undefined) return [];
        return oneProblem(key, `is ${shown(pool)} on a host that is not a worker`, "no pool, or the role worker");
      }
      const pools = Object.keys(cluster.pools);
      if (pool === undefined ? !joinsAsWorker(roles) : pools.includes(pool)) return [];
      return [poolProblem(key, pool, pools)];
    }),
};

const scaledPools: Rule = {
  says: "No host is in a pool with `autoscaling`, whose `minimum` is at most its `maximum`.",
  check(cluster) {
    const scaled = Object.entries(cluster.pools).filter(([, { autoscaling }]) => autoscaling !== undefined);
    return [
      ...scaled
        .filter(([, { autoscaling: size }]) => size !== undefined && size.minimum > size.maximum)
        .map(([name, { autoscaling: size }]) => ({
          key: at("pools", name, "autoscaling", "minimum"),
          found: `is ${size?.minimum}`,
          allowed: `at most cluster.pools.${name}.autoscaling.maximum, ${size?.maximum}`,
        })),
      ...eachHost(cluster, (name, { pool }) =>
        scaled.some(([scaledPool]) => scaledPool === pool)
          ? oneProblem(
              at("hosts", name, "pool"),
              `is ${shown(pool)}, whose workers the provider makes`,
              "a pool without autoscaling",
            )
          : [],
      ),
    ];
  },
};

function poolProblem(key: string, pool: string | undefined, pools: readonly string[]): Problem {
  const found = pool === undefined ? "is missing" : `is ${shown(pool)}, which cluster.pools doesn't have`;
  if (pools.length > 0) return { key, found, allowed: `a pool of cluster.pools: ${pools.join(", ")}` };
  return { key, found, allowed: "a pool of cluster.pools", cure: `add it, such as pools: { ${pool ?? "general"}: {} }` };
}

/** Rules about numbers and combinations of roles. */
export const roleRules: readonly Rule[] = [
  etcdCount,
  controlPlaneCount,
  balancerCount,
  rolesTogether,
  poolOfWorkers,
  scaledPools,
];
