import { isDeepStrictEqual } from "node:util";
import { hostPort, isAddress, special } from "../addresses.ts";
import { buildsBalancer } from "../api.ts";
import { bastionsIn, wayTo } from "../bastions.ts";
import { hubNames } from "../logins.ts";
import { type NodeSettings, nodeSettings } from "../node-settings.ts";
import { counted, oneProblem, type Problem, shown } from "../problems.ts";
import { joinsAsWorker } from "../roles.ts";
import { balancerSchema } from "../schema/balancer.ts";
import { sshSchema } from "../schema/ssh.ts";
import { apiPlaces, at, eachHost, hostsOf, type Rule } from "./rule.ts";

// Settings that do nothing, or do something else than they seem to.

const otherProvider: Rule = {
  says: "`ssh` is given where the provider makes hosts, or `balancer` where it has one: they are not read.",
  check({ provider, traits, ssh, balancer }) {
    const unused = (key: string, is: boolean, instead: string): Problem[] =>
      is ? oneProblem(at(key), "is not used", `nothing, because cluster.provider is ${provider}${instead}`) : [];
    return [
      ...unused("ssh", traits.createsHosts && !isDeepStrictEqual(ssh, sshSchema.parse(undefined)), `; see ${provider}`),
      ...unused("balancer", traits.ownsEndpoint && !isDeepStrictEqual(balancer, balancerSchema.parse(undefined)), ""),
    ];
  },
};

const sameKeys: Rule = {
  says: "Hosts have one `hostKey`: they were cloned, and each can be taken for the other.",
  check(cluster) {
    const byKey = new Map<string, string[]>();
    for (const [name, { hostKey }] of Object.entries(cluster.hosts)) {
      const key = hostKey?.split(" ").slice(0, 2).join(" ");
      if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), name]);
    }
    return [...byKey.values()]
      .filter((names) => names.length > 1)
      .map((names) => ({
        key: at("hosts", names[1] as string, "hostKey"),
        found: `is that of ${names[0]} too, and of ${counted(names.length, "host")} in all`,
        allowed: "a key of its own for each host: ssh-keygen -A makes new ones where /etc/ssh has none",
      }));
  },
};

const insideJumps: Rule = {
  says: "A bastion or the host that snapshots are copied to is a host of the cluster, with which both are lost.",
  check(cluster) {
    const owner = (place: string | undefined) =>
      Object.entries(cluster.hosts).find(
        ([name, host]) => place === name || place === host.address || place === host.sshAddress,
      )?.[0];
    const places: [string, string | undefined][] = [
      ...bastionsIn(cluster.ssh).map(({ path, bastion }): [string, string] => [at("ssh", ...path, "host"), bastion.host]),
      [at("etcd", "backup", "copyToSsh", "host"), cluster.etcd.backup.copyToSsh?.host],
    ];
    return places.flatMap(([key, place]) => {
      const name = place === undefined ? undefined : owner(place);
      return name === undefined ? [] : oneProblem(key, `is ${shown(place)}, host ${name} of this cluster`, "a host outside it");
    });
  },
};

const wholePools: Rule = {
  says: "A pool's `maxUnavailable` is all of its workers, or every worker has taints that pods must tolerate.",
  check(cluster) {
    const whole = Object.entries(cluster.pools).flatMap(([name, { maxUnavailable }]): Problem[] => {
      const size = Object.values(cluster.hosts).filter(({ pool, roles }) => pool === name && joinsAsWorker(roles)).length;
      if (size < 2 || maxUnavailable < size) return [];
      const key = at("pools", name, "maxUnavailable");
      return oneProblem(key, `is ${maxUnavailable} of ${size} workers`, "fewer, so that some go on while others are changed");
    });
    const workers = hostsOf(cluster, "worker");
    const scaled = Object.values(cluster.pools).filter(({ autoscaling }) => autoscaling !== undefined);
    const isHard = ({ taints }: Pick<NodeSettings, "taints">) => taints.some(({ effect }) => effect !== "PreferNoSchedule");
    if (workers.length === 0 || ![...scaled, ...workers.map((name) => nodeSettings(cluster, name))].every(isHard)) return whole;
    const found = "have taints, every one: CoreDNS and other pods find no node";
    const ofPools = [...scaled, ...Object.values(cluster.pools)].some(isHard);
    const [first = ""] = workers.filter((name) => isHard({ taints: cluster.hosts[name]?.taints ?? [] }));
    const key = ofPools ? at("pools") : at("hosts", first, "taints");
    const all = "is hard, as are those of every other worker: CoreDNS and other pods find no node";
    return [...whole, { key, found: ofPools ? found : all, allowed: "one pool, or a worker, without a taint beside them" }];
  },
};

const hubMirror: Rule = {
  says: "`containerRuntime` names registry-1.docker.io, index.docker.io or hub.docker.com, where images of the hub are docker.io's.",
  check: ({ containerRuntime: { registryMirrors, registries, insecureRegistries } }) =>
    [...new Set([...Object.keys(registryMirrors), ...Object.keys(registries), ...insecureRegistries])]
      .filter((name) => hubNames.includes(name.replace(/:443$/, "")))
      .map((name) => ({
        key: at("containerRuntime"),
        found: `names ${name}`,
        allowed: "docker.io, which images of the hub are named by",
      })),
};

const certificateSpans: Rule = {
  says: "Certificates last for less than a week, are renewed within a day of their end or almost at once, or last half as long as their authority or longer.",
  check({ certificates: { authorityValidityHours: authority, leafValidityHours: leaf, renewBeforeHours: before } }) {
    const word = (key: string, found: string, allowed: string) => oneProblem(at("certificates", key), found, allowed);
    if (leaf < 168) return word("leafValidityHours", `is ${leaf}`, "a week or more: only an up renews certificates");
    if (before < 24) return word("renewBeforeHours", `is ${before}`, "a day or more: an up must come within it");
    if (before > 0.9 * leaf)
      return word("renewBeforeHours", `is ${before} of ${leaf}`, "less: almost every up makes new certificates");
    if (authority < 2 * leaf)
      return word("authorityValidityHours", `is ${authority}`, `${2 * leaf} or more: certificates end with their authority`);
    return [];
  },
};

/** Warnings about settings that do nothing, or less than they seem to. */
export const unusedWarnings: readonly Rule[] = [otherProvider, sameKeys, insideJumps, wholePools, hubMirror, certificateSpans];

/** Rules about one machine taken for two hosts. */
export const sameMachine: Rule = {
  says: "No two hosts are reached by SSH at one address and port, by the same bastions or directly.",
  check(cluster) {
    if (cluster.traits.createsHosts) return [];
    const seen = new Map<string, string>();
    return eachHost(cluster, (name, host) => {
      const { connection, lost, address, sshAddress, sshPort } = host;
      if (connection === "local" || lost) return [];
      const reached = sshAddress ?? address;
      // Behind another bastion, the same address may be another machine.
      const way = wayTo(host, cluster.ssh).map((bastion) => bastion.name);
      const place = [...way, hostPort(reached ?? "", sshPort ?? cluster.ssh.port)].join(" ");
      const first = seen.get(place);
      seen.set(place, first ?? name);
      if (reached === undefined || first === undefined) return [];
      const isFirstOwn = cluster.hosts[first]?.sshAddress === undefined;
      if (isFirstOwn && sshAddress === undefined) return []; // uniqueAddresses names them
      const [owner, other] = sshAddress === undefined ? [first, name] : [name, first];
      const both = sshAddress !== undefined && !isFirstOwn;
      const found = `is ${shown(reached)}, ${both ? `as is that of ${other}` : `the address of host ${other}`}`;
      return oneProblem(
        at("hosts", owner, "sshAddress"),
        found,
        "an address or port of its own: both would be made on one machine",
      );
    });
  },
};

/** Rules about addresses that are no one host's. */
export const nobodysAddress: Rule = {
  says: "No `sshAddress` is the virtual IP, which moves between hosts, or one that no host can have. It may be a loopback one, where a tunnel leads on.",
  check(cluster) {
    if (cluster.traits.createsHosts) return [];
    const virtual = buildsBalancer(cluster) ? apiPlaces(cluster, "address") : [];
    return eachHost(cluster, (name, { sshAddress }) => {
      if (sshAddress === undefined || !isAddress(sshAddress)) return [];
      const what = special(sshAddress);
      const api = virtual.find(({ value }) => value === sshAddress);
      const why = api?.key ?? (what === "loopback" || what === "link-local" ? undefined : what);
      if (why === undefined) return [];
      return oneProblem(at("hosts", name, "sshAddress"), `is ${shown(sshAddress)}, ${why}`, "an address of this host alone");
    });
  },
};
