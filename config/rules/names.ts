import { isIPv4 } from "node:net";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { apiPlaces, at, type Rule } from "./rule.ts";

// Names of hosts, of the API and of the cluster's domain: what they may not be beside each other.

const below = (name: string, domain: string) => name === domain || name.endsWith(`.${domain}`);

/** What every host's own /etc/hosts or resolver answers with itself (RFC 6761). */
const isLoopback = (name: string) => below(name, "localhost") || name === "localhost.localdomain";

const hostNames: Rule = {
  says: "No host is called localhost, like an address or like the API; no host's name begins with another one's and a dot, or with `client-` before another one's; no control plane's name is a version, a hyphen and another one's; no etcd host is called `ca`, or `ca-` and a number.",
  check(cluster) {
    const { hosts } = cluster;
    const apiNames = apiPlaces(cluster, "domainName");
    const names = Object.keys(hosts);
    return names.flatMap((name): Problem[] => {
      const wrong = (found: string, allowed: string) => oneProblem(at("hosts", name), found, allowed);
      if (isLoopback(name)) return wrong("has a name that means every host itself", "a name of its own");
      if (isIPv4(name)) return wrong("has an address as its name", "a name; the address is the key address in it");
      const api = apiNames.find(({ value }) => value === name);
      if (api !== undefined) return wrong(`has the name of ${api.key}`, "a name of its own");
      const labels = name.split(".");
      const other = labels.map((_, index) => labels.slice(0, index).join(".")).find((it) => Object.hasOwn(hosts, it));
      // Snapshots of both would be taken for each other's.
      if (other !== undefined)
        return wrong(`begins with the name of host ${other} and a dot`, "names that don't begin with another's");
      const twice = (of: string, allowed: string) => wrong(`would give one of its resources the name of one of ${of}`, allowed);
      // Host m1 has `etcd-client-m1`, and `control-plane-1.35.6-m1` where an upgrade passes that version.
      const [, before, peer = ""] = /^(client|\d+\.\d+\.\d+)-(.+)/.exec(name) ?? [];
      const areControlPlanes = [name, peer].every((it) => hosts[it]?.roles.includes("control-plane"));
      if (Object.hasOwn(hosts, peer) && (before === "client" || areControlPlanes))
        return twice(`host ${peer}`, `a name without ${before}- before another's`);
      // Etcd's authority is `etcd-ca`, its later generations `etcd-ca-2` and so on.
      if (hosts[name]?.roles.includes("etcd") && /^ca(-\d+)?$/.test(name))
        return twice("etcd's authority", "another name, such as m1");
      return [];
    });
  },
};

const apiName: Rule = {
  says: "`api.domainName` and `api.former.domainName` are not below `network.dnsDomain`, where CoreDNS answers, or localhost.",
  check: (cluster) =>
    apiPlaces(cluster, "domainName").flatMap(({ key, value }) => {
      const found = `is ${shown(value)}`;
      if (isLoopback(value)) return oneProblem(key, found, "a name that does not mean every host itself");
      const { dnsDomain } = cluster.network;
      return below(value, dnsDomain) ? oneProblem(key, found, `a name outside cluster.network.dnsDomain, ${dnsDomain}`) : [];
    }),
};

/** Rules about names. */
export const nameRules: readonly Rule[] = [hostNames, apiName];

/** Domains of the internet that somebody may take for a domain of his own. */
const publicDomains = ["app", "biz", "cloud", "com", "dev", "edu", "gov", "info", "int", "mil", "net", "online", "org", "xyz"];

const publicDomain: Rule = {
  says: "`network.dnsDomain` is a whole top-level domain of the internet, which pods then can't look up.",
  check({ network: { dnsDomain } }) {
    if (!publicDomains.includes(dnsDomain) && !/^[a-z]{2}$/.test(dnsDomain)) return [];
    const found = `is ${shown(dnsDomain)}: pods find no name below it but the cluster's own`;
    return oneProblem(at("network", "dnsDomain"), found, "a domain that is the cluster's alone, such as cluster.local");
  },
};

const extraNames: Rule = {
  says: "One of `api.extraNames` looks like an address but is not one.",
  check: ({ api: { extraNames } }) =>
    extraNames.flatMap((name, index) =>
      /(^|\.)\d+$/.test(name) && !isIPv4(name)
        ? oneProblem(at("api", "extraNames", index), `is ${shown(name)}, which is not an address`, "an IPv4 address or a name")
        : [],
    ),
};

/** Warnings about names. */
export const nameWarnings: readonly Rule[] = [publicDomain, extraNames];
