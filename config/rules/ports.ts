import { buildsBalancer, hasStatisticsPage, isNodeLocal } from "../api.ts";
import { METRICS_PORT, ports } from "../ports.ts";
import { oneProblem } from "../problems.ts";
import type { Cluster, HostConfig, Role } from "../schema.ts";
import { goPortRange } from "./go-arguments.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// Ports that two programs on one host would want.

/** Ports that answer on loopback only, which the port table leaves out: defaults of Kubernetes and etcd, which this program keeps. */
const loopbackPorts: Readonly<Partial<Record<Role, readonly { number: number; program: string }[]>>> = {
  etcd: [{ number: METRICS_PORT, program: "etcd's metrics" }],
  "control-plane": [
    { number: 10248, program: "the kubelet's health answer" },
    { number: 10249, program: "kube-proxy's metrics" },
  ],
};

/** The port of a host's sshd that its address leads to; none where SSH goes elsewhere, so through some other address. */
function sshdOf({ ssh, traits }: Cluster, host: HostConfig): number | undefined {
  if (host.connection === "local" || host.sshAddress !== undefined) return undefined;
  return traits.createsHosts ? 22 : (host.sshPort ?? ssh.port);
}

/** Whether a balancer of ours is on a host, for everyone or for that host alone. */
const hasBalancer = (cluster: Cluster, { roles }: HostConfig): boolean =>
  isNodeLocal(cluster) ? roles.some((role) => role === "control-plane" || role === "worker") : roles.includes("balancer");

/** What else than the balancer listens on a host. */
function taken(cluster: Cluster, host: HostConfig): { number: number; program: string }[] {
  const others = host.roles.filter((role) => role !== "balancer");
  const sshd = host.connection === "ssh" ? [{ number: host.sshPort ?? cluster.ssh.port, program: "sshd" }] : [];
  const table = ports(others, cluster).filter(
    ({ protocol, program }) => protocol === "tcp" && program !== "haproxy" && program !== "nginx",
  );
  const routing = host.roles.includes("balancer")
    ? ports(["balancer"], cluster).filter(({ protocol, source }) => protocol === "tcp" && source === "routers")
    : [];
  return [...table, ...routing, ...others.flatMap((role) => loopbackPorts[role] ?? []), ...sshd];
}

/** The port of a statistics page with TLS. */
function pagePort(cluster: Cluster): { key: string; port: number }[] {
  const { statistics } = cluster.balancer;
  return hasStatisticsPage(cluster) && statistics.tls
    ? [{ key: at("balancer", "statistics", "port"), port: statistics.port }]
    : [];
}

const balancerPorts: Rule = {
  says: "On a balancer's host, which is every node with `balancer.kind: node-local`, `api.port`, `balancer.statisticsPort` and the port of a statistics page with TLS are taken by nothing else.",
  check(cluster) {
    if (!buildsBalancer(cluster) && !isNodeLocal(cluster)) return [];
    const former = cluster.api.former?.port;
    const wanted = [
      { key: at("api", "port"), port: cluster.api.port },
      ...(former === undefined ? [] : [{ key: at("api", "former", "port"), port: former }]),
      { key: at("balancer", "statisticsPort"), port: cluster.balancer.statisticsPort },
      ...pagePort(cluster),
    ];
    const clashes = new Map<string, { key: string; port: number; user: string; hosts: string[] }>();
    eachHost(cluster, (name, host) => {
      if (!hasBalancer(cluster, host)) return [];
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
  says: "`api.port`, `balancer.statisticsPort` and the port of a statistics page with TLS differ.",
  check(cluster) {
    if (!buildsBalancer(cluster) && !isNodeLocal(cluster)) return [];
    const key = at("balancer", "statisticsPort");
    const { api, balancer } = cluster;
    const same =
      balancer.statisticsPort === api.port ? "port" : balancer.statisticsPort === api.former?.port ? "former.port" : undefined;
    const others = {
      "api.port": api.port,
      "api.former.port": api.former?.port,
      "balancer.statisticsPort": balancer.statisticsPort,
    };
    const page = pagePort(cluster).flatMap((it) => {
      const other = Object.entries(others).find(([, port]) => port === it.port)?.[0];
      return other === undefined
        ? []
        : oneProblem(it.key, `is ${it.port}, as is cluster.${other}`, `another port than cluster.${other}`);
    });
    if (same === undefined) return page;
    const found = `is ${balancer.statisticsPort}, as is cluster.api.${same}`;
    return [...oneProblem(key, found, `another port than cluster.api.${same}`), ...page];
  },
};

const sshPorts: Rule = {
  says: "A host's sshd is on no port that the host's roles take.",
  check(cluster) {
    if (cluster.traits.createsHosts) return [];
    return eachHost(cluster, (name, host) => {
      const sshd = sshdOf(cluster, host);
      // balancerPorts names those of the balancer.
      const others = host.roles.filter((role) => role !== "balancer");
      const user = ports(others, cluster).find(({ number, protocol }) => protocol === "tcp" && number === sshd);
      if (user === undefined) return [];
      const key = host.sshPort === undefined ? at("ssh", "port") : at("hosts", name, "sshPort");
      const found = `is ${sshd}, the port of ${user.program} on ${name}`;
      return oneProblem(key, found, "the port of the host's sshd, which can't be one that the cluster takes");
    });
  },
};

/** Rules about ports. */
export const portRules: readonly Rule[] = [balancerPorts, ownPorts, sshPorts];

/** Ports of the cluster itself that a Service of type NodePort may be given. */
export const nodePorts: Rule = {
  says: "A port of the cluster itself or of a host's sshd is in the range of NodePorts, by default 30000-32767.",
  check(cluster) {
    const argument = cluster.api.extraArgs["service-node-port-range"];
    const range = goPortRange(argument ?? "30000-32767");
    if (range === undefined) return [];
    const all = Object.values(cluster.hosts).flatMap((host) => {
      const node = host.roles.includes("control-plane") || host.roles.includes("worker");
      const sshd = node ? sshdOf(cluster, host) : undefined;
      const table = node ? ports(host.roles, cluster).map(({ number }) => number) : [];
      return [...table, ...(sshd === undefined ? [] : [sshd])];
    });
    const taken = [...new Set(all)].filter((port) => range.first <= port && port <= range.last).sort((a, b) => a - b);
    if (taken.length === 0) return [];
    const allowed = `ports outside the range of NodePorts, ${range.first}-${range.last}`;
    const about = (key: string, ports: readonly number[]) => ({
      key,
      found: `lets a Service of type NodePort take ${ports.join(", ")}`,
      allowed,
    });
    if (argument !== undefined) return [about(at("api", "extraArgs", "service-node-port-range"), taken)];
    const keyOf = (port: number): string => {
      if (port === cluster.api.port) return at("api", "port");
      if (port === cluster.api.former?.port) return at("api", "former", "port");
      if (port === cluster.balancer.statisticsPort) return at("balancer", "statisticsPort");
      const page = pagePort(cluster).find((it) => it.port === port);
      if (page !== undefined) return page.key;
      const own = Object.entries(cluster.hosts).find(([, { sshPort }]) => sshPort === port);
      return own === undefined ? at("ssh", "port") : at("hosts", own[0], "sshPort");
    };
    return taken.map((port) => about(keyOf(port), [port]));
  },
};
