import { bastionsIn, COMMON_BASTION, NO_BASTION, wayTo } from "../bastions.ts";
import { didYouMean, oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// Bastions: the names by which hosts and other bastions point at them, and the ways that these make.

const named: Rule = {
  says: "`through` and `sshBastion` name one of `ssh.bastions`, or `bastion` for `ssh.bastion`; no name of a bastion is a host's, and none leads through itself.",
  check(cluster) {
    const { ssh, hosts } = cluster;
    const names = Object.keys(ssh.bastions);
    const allowed = names.length > 0 ? `one of ssh.bastions: ${names.join(", ")}` : "a name in ssh.bastions, which is empty";
    const unknown = (key: string, name: string | undefined, ...also: string[]): Problem[] => {
      const isCommon = name === COMMON_BASTION && ssh.bastion !== undefined;
      if (name === undefined || isCommon || names.includes(name) || also.includes(name)) return [];
      const meant = didYouMean(name, names);
      return oneProblem(key, `is ${shown(name)}${meant ? `; did you mean ${meant}?` : ""}`, allowed);
    };
    const taken = names.flatMap((name): Problem[] => {
      if (name !== NO_BASTION && name !== COMMON_BASTION && hosts[name] === undefined) return [];
      const why = hosts[name] === undefined ? "has a meaning of its own" : "is a host's name, too";
      return oneProblem(at("ssh", "bastions", name), why, "a name of its own, by which the secret sshLogins finds it");
    });
    const leads = bastionsIn(ssh).flatMap(({ path, name, bastion }) => {
      const key = at("ssh", ...path, "through");
      const wrong = unknown(key, bastion.through);
      if (wrong.length > 0 || bastion.through === undefined) return wrong;
      return circles(ssh, name) ? oneProblem(key, `is ${shown(bastion.through)}, which leads back`, "a way that ends") : [];
    });
    const ofHosts = eachHost(cluster, (name, { sshBastion }) => unknown(at("hosts", name, "sshBastion"), sshBastion, NO_BASTION));
    return [...taken, ...leads, ...ofHosts];
  },
};

/** Whether the way to a bastion comes to it again. */
function circles(ssh: Cluster["ssh"], start: string): boolean {
  const next = new Map(bastionsIn(ssh).map(({ name, bastion }) => [name, bastion.through]));
  const seen = new Set<string>();
  for (let name = next.get(start); name !== undefined && !seen.has(name); name = next.get(name)) {
    if (name === start) return true;
    seen.add(name);
  }
  return false;
}

/** Rules about bastions. */
export const bastionRules: readonly Rule[] = [named];

/** A warning about bastions that lead nowhere. */
export const idleBastions: Rule = {
  says: "No host is reached through a bastion of `ssh.bastions`.",
  check({ traits, hosts, ssh }) {
    if (traits.createsHosts) return [];
    const used = new Set(Object.values(hosts).flatMap((host) => wayTo(host, ssh).map(({ name }) => name)));
    return bastionsIn(ssh)
      .filter(({ name }) => !used.has(name))
      .map(({ path }) => ({ key: at("ssh", ...path), found: "is not used", allowed: "a bastion on the way to a host" }));
  },
};
