import type { Cluster, HostConfig, Role } from "../schema.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// Ports that two programs on one host would want.

/** Ports that programs on a host take whatever the config says: the defaults of Kubernetes and etcd, which this program keeps. */
const fixedPorts: Readonly<Record<Role, readonly (readonly [number, string])[]>> = {
  etcd: [
    [2379, "etcd's clients"],
    [2380, "etcd's peers"],
    [2381, "etcd's metrics"],
  ],
  "control-plane": [
    [6443, "kube-apiserver"],
    [10257, "kube-controller-manager"],
    [10259, "kube-scheduler"],
    [10248, "the kubelet's health answer"],
    [10250, "the kubelet"],
    [10249, "kube-proxy's metrics"],
    [10256, "kube-proxy's health answer"],
  ],
  worker: [],
  balancer: [],
};

/** sshd's port on a host; none where it is not reached by SSH. */
const sshdPort = (cluster: Cluster, host: HostConfig): [number, string][] =>
  host.connection === "ssh" ? [[host.sshPort ?? cluster.ssh.port, "sshd"]] : [];

const balancerPorts: Rule = {
  says: "On a balancer's host, `api.port` and `balancer.statisticsPort` are taken by nothing else.",
  check(cluster) {
    if (cluster.balancer.kind !== "haproxy") return [];
    const wanted = [
      { key: at("api", "port"), port: cluster.api.port },
      { key: at("balancer", "statisticsPort"), port: cluster.balancer.statisticsPort },
    ];
    const clashes = new Map<string, { key: string; port: number; user: string; hosts: string[] }>();
    eachHost(cluster, (name, host) => {
      if (!host.roles.includes("balancer")) return [];
      const taken = [...host.roles.flatMap((role) => fixedPorts[role]), ...sshdPort(cluster, host)];
      for (const { key, port } of wanted) {
        const user = taken.find(([number]) => number === port)?.[1];
        if (user === undefined) continue;
        const clash = clashes.get(`${key} ${user}`) ?? { key, port, user, hosts: [] };
        clashes.set(`${key} ${user}`, { ...clash, hosts: [...clash.hosts, name] });
      }
      return [];
    });
    return [...clashes.values()].map(({ key, port, user, hosts }) => ({
      key,
      found: `is ${port}, the port of ${user} on ${hosts.join(", ")}`,
      allowed: "a port that nothing else on the balancers' hosts takes",
    }));
  },
};

const ownPorts: Rule = {
  says: "`api.port` and `balancer.statisticsPort` differ.",
  check(cluster) {
    if (cluster.balancer.kind !== "haproxy" || cluster.api.port !== cluster.balancer.statisticsPort) return [];
    const key = at("balancer", "statisticsPort");
    return [{ key, found: `is ${cluster.api.port}, as is cluster.api.port`, allowed: "another port than cluster.api.port" }];
  },
};

/** Rules about ports. */
export const portRules: readonly Rule[] = [balancerPorts, ownPorts];
