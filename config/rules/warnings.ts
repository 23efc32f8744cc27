import { authorityNames, generationsText, isRotating, nextSteps } from "../authorities.ts";
import { oneProblem, shown } from "../problems.ts";
import { addressWarnings } from "./addresses.ts";
import { auditLog, unknownArgument } from "./apiserver.ts";
import { balancerWarnings } from "./balancer.ts";
import { idleBastions } from "./bastions.ts";
import { unknownComponentArgument, unknownGate } from "./components.ts";
import { unknownEtcdArgument } from "./etcd-arguments.ts";
import { firewallWarnings } from "./firewall.ts";
import { maintenanceWarnings } from "./maintenance.ts";
import { nameWarnings } from "./names.ts";
import { unknownField } from "./node-settings.ts";
import { nodeWarnings } from "./nodes.ts";
import { sharedPlaces } from "./paths.ts";
import { podNetworkWarnings } from "./pod-network.ts";
import { podRangeWarnings } from "./pod-ranges.ts";
import { nodePorts } from "./ports.ts";
import { uselessAcceptance } from "./preflight.ts";
import { preparationWarnings } from "./preparation.ts";
import { at, eachHost, hostsOf, type Rule } from "./rule.ts";
import { storageWarnings } from "./storage.ts";
import { unusedWarnings } from "./unused.ts";

// Settings that are allowed but reported at every run.

const throwAway: Rule = {
  says: "`etcd.throwAway` is set.",
  check(cluster) {
    if (!cluster.etcd.throwAway) return [];
    const count = hostsOf(cluster, "etcd").length;
    return oneProblem(
      at("etcd", "throwAway"),
      count === 1 ? "is true and etcd has ONE member: the cluster is lost with its host" : "is true",
      "true only for a stack that may be lost",
    );
  },
};

const ipvs: Rule = {
  says: "`network.kubeProxyMode` is ipvs.",
  check: ({ network }) =>
    network.kubeProxyMode === "ipvs"
      ? oneProblem(at("network", "kubeProxyMode"), 'is "ipvs"', "nftables or iptables; ipvs is deprecated since Kubernetes 1.35")
      : [],
};

const anyHostKey: Rule = {
  says: "Hosts are reached unverified by `ssh.acceptAnyHostKey`.",
  check(cluster) {
    if (!cluster.ssh.acceptAnyHostKey || cluster.traits.createsHosts) return [];
    const unverified = Object.entries(cluster.hosts).filter(
      ([, host]) => host.connection === "ssh" && host.hostKey === undefined,
    );
    if (unverified.length === 0) return [];
    const found = `is true and hosts have no hostKey: ${unverified.map(([name]) => name).join(", ")}`;
    return oneProblem(
      at("ssh", "acceptAnyHostKey"),
      found,
      "false, with a hostKey for every host; anyone between can be one of these",
    );
  },
};

const lostHosts: Rule = {
  says: "A host is marked `lost`.",
  check: (cluster) =>
    eachHost(cluster, (name, { lost }) =>
      lost ? oneProblem(at("hosts", name, "lost"), "is true", "for one up; then delete the host's entry") : [],
    ),
};

const restore: Rule = {
  says: "`etcd.restoreFrom` is set.",
  check: ({ etcd: { restoreFrom } }) =>
    restoreFrom === undefined
      ? []
      : oneProblem(
          at("etcd", "restoreFrom"),
          `restores ${restoreFrom.snapshot} on every etcd host that has not yet done so for id ${restoreFrom.id}`,
          "for one up; then take it out",
        ),
};

const noBackup: Rule = {
  says: "`etcd.backup.enabled` is false, and the stack is not one that may be lost.",
  check: ({ etcd }) =>
    etcd.backup.enabled || etcd.throwAway
      ? []
      : oneProblem(
          at("etcd", "backup", "enabled"),
          "is false",
          "true; without a snapshot nothing brings back what a majority of members lost",
        ),
};

const overrides: Rule = {
  says: "`allow` overrides a refusal.",
  check: ({ allow }) => (allow.length === 0 ? [] : oneProblem(at("allow"), `is ${shown(allow)}`, "for one up; then take it out")),
};

const rotation: Rule = {
  says: "An authority is being replaced: two generations are trusted.",
  check: ({ certificates: { authorities } }) =>
    authorityNames
      .filter((name) => isRotating(authorities[name]))
      .map((name) => {
        const [next] = nextSteps(authorities[name]).map(generationsText);
        const found = `is ${generationsText(authorities[name])}`;
        return { key: at("certificates", "authorities", name), found, allowed: `until every client has followed; then ${next}` };
      }),
};

const noWorker: Rule = {
  says: "The cluster has no worker.",
  check: (cluster) =>
    hostsOf(cluster, "worker").length > 0 || Object.values(cluster.pools).some(({ autoscaling }) => autoscaling !== undefined)
      ? []
      : oneProblem(
          at("hosts"),
          "has no host of role worker",
          "none, but pods need one: control planes are tainted, unless they have the role worker too",
        ),
};

const twoControlPlanes: Rule = {
  says: "There are 2 control planes.",
  check(cluster) {
    const planes = hostsOf(cluster, "control-plane");
    if (planes.length !== 2) return [];
    const found = `has 2 hosts of role control-plane: ${planes.join(", ")}: while one of them is changed or away, the other is all there is`;
    return oneProblem(at("hosts"), found, "3, so that one may fail while another is changed");
  },
};

/** All warnings of this folder. */
export const warningRules: readonly Rule[] = [
  throwAway,
  ipvs,
  anyHostKey,
  lostHosts,
  restore,
  noBackup,
  sharedPlaces,
  ...addressWarnings,
  ...podRangeWarnings,
  ...unusedWarnings,
  ...balancerWarnings,
  idleBastions,
  ...nodeWarnings,
  ...podNetworkWarnings,
  ...firewallWarnings,
  ...preparationWarnings,
  ...maintenanceWarnings,
  ...nameWarnings,
  auditLog,
  unknownArgument,
  unknownComponentArgument,
  unknownGate,
  unknownEtcdArgument,
  unknownField,
  ...storageWarnings,
  nodePorts,
  uselessAcceptance,
  overrides,
  rotation,
  noWorker,
  twoControlPlanes,
];
