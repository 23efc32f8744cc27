import { bastionsIn } from "../bastions.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { HostConfig } from "../schema.ts";
import { bastionRules } from "./bastions.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// How hosts are reached, and what each provider wants to know.

const hostKeys: Rule = {
  says: "Every host that exists already and is reached by SSH has its `hostKey`, as has every bastion, unless `ssh.acceptAnyHostKey`.",
  check(cluster) {
    if (cluster.traits.createsHosts || cluster.ssh.acceptAnyHostKey) return [];
    const missing = (key: string, address: string): Problem => ({
      key,
      found: "is missing",
      allowed: "the host's public SSH key, which proves that it is that host",
      cure: `npm run hosts:scan reads it from ${address}; compare it with /etc/ssh/ssh_host_ed25519_key.pub on the host itself`,
    });
    return [
      ...bastionsIn(cluster.ssh).flatMap(({ path, bastion }) =>
        bastion.hostKey === undefined ? [missing(at("ssh", ...path, "hostKey"), bastion.host)] : [],
      ),
      ...eachHost(cluster, (name, host) =>
        host.connection === "ssh" && host.hostKey === undefined && !host.lost
          ? [missing(at("hosts", name, "hostKey"), host.sshAddress ?? host.address ?? name)]
          : [],
      ),
    ];
  },
};

const localHost: Rule = {
  says: "At most one host has `connection: local`, none where the provider makes hosts; such a host has no SSH settings.",
  check(cluster) {
    const seen: string[] = [];
    return eachHost(cluster, (name, host) => {
      if (host.connection !== "local") return [];
      const key = at("hosts", name, "connection");
      seen.push(name);
      if (cluster.traits.createsHosts) return oneProblem(key, 'is "local"', "ssh, because the provider makes the host");
      if (seen.length > 1) {
        return oneProblem(key, `is "local", as is that of ${seen[0]}`, "local for one host: the machine that runs this program");
      }
      return sshKeysOf(host).map((setting) => ({
        key: at("hosts", name, setting),
        found: `is ${shown(host[setting])}`,
        allowed: "nothing, because the host's connection is local",
      }));
    });
  },
};

const sshSettings = ["sshAddress", "sshPort", "sshUser", "sshBastion", "hostKey"] as const;
const sshKeysOf = (host: HostConfig) => sshSettings.filter((setting) => host[setting] !== undefined);

const madeHosts: Rule = {
  says: "Hosts that the provider makes have no SSH settings of their own.",
  check(cluster) {
    if (!cluster.traits.createsHosts) return [];
    return eachHost(cluster, (name, host) =>
      sshKeysOf(host).map((setting) => ({
        key: at("hosts", name, setting),
        found: `is ${shown(host[setting])}`,
        allowed: "nothing, because the provider makes the host",
      })),
    );
  },
};

const dataDevices: Rule = {
  says: "Only a host of role etcd has a `dataDevice`, and none with a provider that sees to devices.",
  check: (cluster) =>
    eachHost(cluster, (name, { dataDevice, roles }) => {
      if (dataDevice === undefined) return [];
      const key = at("hosts", name, "dataDevice");
      const found = `is ${shown(dataDevice)}`;
      if (cluster.traits.ownsDevices) return oneProblem(key, found, `nothing with cluster.provider: ${cluster.provider}`);
      return roles.includes("etcd") ? [] : oneProblem(key, found, "nothing, because the host doesn't have the role etcd");
    }),
};

const sudoAlone: Rule = {
  says: "Only a host with `connection: local` has `sudo`: by SSH every user but root uses it.",
  check: (cluster) =>
    eachHost(cluster, (name, { connection, sudo }) =>
      sudo && connection !== "local"
        ? oneProblem(at("hosts", name, "sudo"), "is true", "nothing, because its connection is ssh: its login decides")
        : [],
    ),
};

/** Rules about reaching hosts. */
export const accessRules: readonly Rule[] = [hostKeys, localHost, sudoAlone, madeHosts, dataDevices, ...bastionRules];
