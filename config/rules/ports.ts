import { ports } from "../../hosts/prepare/ports.ts";
import { buildsBalancer } from "../balancer.ts";
import type { Cluster, HostConfig, Role } from "../schema.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// Ports that two programs on one host would want.

/** Ports that answer on loopback only, which the port table leaves out: defaults of Kubernetes and etcd, which this program keeps. */
const loopbackPorts: Readonly<Partial<Record<Role, readonly { number: number; program: string }[]>>> = {
  etcd: [{ number: 2381, program: "etcd's metrics" }],
  "control-plane": [
    { number: 10248, program: "the kubelet's health answer" },
    { number: 10249, program: "kube-proxy's metrics" },
  ],
};

/** What else than the balancer listens on a host. */
function taken(cluster: Cluster, host: HostConfig): { number: number; program: string }[] {
  const others = host.roles.filter((role) => role !== "balancer");
  const sshd = host.connection === "ssh" ? [{ number: host.sshPort ?? cluster.ssh.port, program: "sshd" }] : [];
  const table = ports(others, cluster).filter(({ protocol }) => protocol === "tcp");
  return [...table, ...others.flatMap((role) => loopbackPorts[role] ?? []), ...sshd];
}

const balancerPorts: Rule = {
  says: "On a balancer's host, `api.port` and `balancer.statisticsPort` are taken by nothing else.",
  check(cluster) {
    if (!buildsBalancer(cluster)) return [];
    const former = cluster.api.former?.port;
    const wanted = [
      { key: at("api", "port"), port: cluster.api.port },
      ...(former === undefined ? [] : [{ key: at("api", "former", "port"), port: former }]),
      { key: at("balancer", "statisticsPort"), port: cluster.balancer.statisticsPort },
    ];
    const clashes = new Map<string, { key: string; port: number; user: string; hosts: string[] }>();
    eachHost(cluster, (name, host) => {
      if (!host.roles.includes("balancer")) return [];
      const others = taken(cluster, host);
      for (const { key, port } of wanted) {
        const user = others.find(({ number }) => number === port)?.program;
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
    if (!buildsBalancer(cluster)) return [];
    const key = at("balancer", "statisticsPort");
    const { api, balancer } = cluster;
    const same =
      balancer.statisticsPort === api.port ? "port" : balancer.statisticsPort === api.former?.port ? "former.port" : undefined;
    if (same === undefined) return [];
    return [
      {
        key,
        found: `is ${balancer.statisticsPort}, as is cluster.api.${same}`,
        allowed: `another port than cluster.api.${same}`,
      },
    ];
  },
};

/** Rules about ports. */
export const portRules: readonly Rule[] = [balancerPorts, ownPorts];
