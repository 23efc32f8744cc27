import { type Problem, shown } from "../problems.ts";
import type { HostConfig } from "../schema.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// How hosts are reached, and what each provider wants to know.

const providerBlock: Rule = {
  says: "`lab` is given with provider lab and with no other.",
  check({ provider, lab }) {
    if (provider === "lab" && lab === undefined) {
      const cure = "such as lab: { subnet: 10.77.0.0/24 }";
      return [{ key: at("lab"), found: "is missing", allowed: "the lab's settings, because cluster.provider is lab", cure }];
    }
    if (provider === "lab" || lab === undefined) return [];
    return [{ key: at("lab"), found: `is ${shown(lab)}`, allowed: `nothing, because cluster.provider is ${provider}` }];
  },
};

const hostKeys: Rule = {
  says: "On baremetal every host reached by SSH has its `hostKey`, as has the bastion, unless `ssh.acceptAnyHostKey`.",
  check(cluster) {
    if (cluster.provider !== "baremetal" || cluster.ssh.acceptAnyHostKey) return [];
    const missing = (key: string, address: string): Problem => ({
      key,
      found: "is missing",
      allowed: "the host's public SSH key, which proves that it is that host",
      cure: `read it on the host from /etc/ssh/ssh_host_ed25519_key.pub, or compare what ssh-keyscan -t ed25519 ${address} prints`,
    });
    const { bastion } = cluster.ssh;
    return [
      ...(bastion !== undefined && bastion.hostKey === undefined ? [missing(at("ssh", "bastion", "hostKey"), bastion.host)] : []),
      ...eachHost(cluster, (name, host) =>
        host.connection === "ssh" && host.hostKey === undefined && !host.lost
          ? [missing(at("hosts", name, "hostKey"), host.sshAddress ?? host.address ?? name)]
          : [],
      ),
    ];
  },
};

const localHost: Rule = {
  says: "At most one host has `connection: local`, none in the lab; such a host has no SSH settings.",
  check(cluster) {
    const seen: string[] = [];
    return eachHost(cluster, (name, host) => {
      if (host.connection !== "local") return [];
      const key = at("hosts", name, "connection");
      seen.push(name);
      if (cluster.provider === "lab") return [{ key, found: 'is "local"', allowed: "ssh, because the lab makes its hosts" }];
      if (seen.length > 1) {
        return [
          {
            key,
            found: `is "local", as is that of ${seen[0]}`,
            allowed: "local for one host: the machine that runs this program",
          },
        ];
      }
      return sshKeysOf(host).map((setting) => ({
        key: at("hosts", name, setting),
        found: `is ${shown(host[setting])}`,
        allowed: "nothing, because the host's connection is local",
      }));
    });
  },
};

const sshSettings = ["sshAddress", "sshPort", "sshUser", "hostKey"] as const;
const sshKeysOf = (host: HostConfig) => sshSettings.filter((setting) => host[setting] !== undefined);

const labHosts: Rule = {
  says: "Lab hosts have no SSH settings of their own: the lab makes user, key and host key.",
  check(cluster) {
    if (cluster.provider !== "lab") return [];
    return eachHost(cluster, (name, host) =>
      sshKeysOf(host).map((setting) => ({
        key: at("hosts", name, setting),
        found: `is ${shown(host[setting])}`,
        allowed: "nothing, because the lab sets it",
      })),
    );
  },
};

const dataDevices: Rule = {
  says: "Only a host of role etcd has a `dataDevice`, and none in the lab.",
  check: (cluster) =>
    eachHost(cluster, (name, { dataDevice, roles }) => {
      if (dataDevice === undefined) return [];
      const key = at("hosts", name, "dataDevice");
      const found = `is ${shown(dataDevice)}`;
      if (cluster.provider === "lab") return [{ key, found, allowed: "nothing, because lab hosts have no devices of their own" }];
      return roles.includes("etcd") ? [] : [{ key, found, allowed: "nothing, because the host doesn't have the role etcd" }];
    }),
};

/** Rules about reaching hosts. */
export const accessRules: readonly Rule[] = [providerBlock, hostKeys, localHost, labHosts, dataDevices];
