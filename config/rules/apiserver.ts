import { posix } from "node:path";
import { folderOf, LOG_FOLDER } from "../component-files.ts";
import { didYouMean, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { knownFlags, valueWanted } from "./apiserver-flags.ts";
import { goBoolean, goList, goMap, goPortRange } from "./go-arguments.ts";
import { within } from "./paths.ts";
import { at, type Rule } from "./rule.ts";

// kube-apiserver's arguments: what `api.extraArgs` may not say.

/** Arguments of kube-apiserver that this program or kubeadm sets; another value would break the cluster or be overwritten. */
const ownApiserverArguments: readonly string[] = [
  "advertise-address",
  "allow-privileged",
  "authorization-mode",
  "bind-address",
  "client-ca-file",
  "enable-bootstrap-token-auth",
  "endpoint-reconciler-type",
  "etcd-cafile",
  "etcd-certfile",
  "etcd-keyfile",
  "etcd-servers",
  "kubelet-certificate-authority",
  "kubelet-client-certificate",
  "kubelet-client-key",
  "kubelet-preferred-address-types",
  "proxy-client-cert-file",
  "proxy-client-key-file",
  "requestheader-allowed-names",
  "requestheader-client-ca-file",
  "requestheader-extra-headers-prefix",
  "requestheader-group-headers",
  "requestheader-username-headers",
  "secure-port",
  "service-account-issuer",
  "service-account-key-file",
  "service-account-signing-key-file",
  "service-cluster-ip-range",
  "shutdown-delay-duration",
  "tls-cert-file",
  "tls-private-key-file",
];

/** Arguments with which kube-apiserver does not start beside its own `--authorization-mode=Node,RBAC` (its authorization.go). */
const againstMode = ["authorization-config", "authorization-webhook-config-file"];

/** Where the config has another place for what an argument says. */
const elsewhere: Readonly<Record<string, string>> = {
  "etcd-servers": "give hosts the role etcd",
  "service-cluster-ip-range": "set cluster.network.serviceCidr",
  "tls-cert-file": "add names with cluster.api.extraNames",
};

const given = ({ api }: Cluster) => Object.entries(api.extraArgs);
const about = (name: string, value: string, allowed: string, cure?: string): Problem => ({
  key: at("api", "extraArgs", name),
  found: `is ${shown(value)}`,
  allowed,
  ...(cure !== undefined && { cure }),
});

/** Arguments with which kube-apiserver prints something and ends. */
const printing = ["help", "version"];

const ownArguments: Rule = {
  says: "`api.extraArgs` names no argument that this program or kubeadm sets itself, or that goes against one of those.",
  check: (cluster) =>
    given(cluster).flatMap(([name, value]) => {
      if (againstMode.includes(name))
        return [about(name, value, "nothing here, because this program sets --authorization-mode=Node,RBAC")];
      if (printing.includes(name) && goBoolean(value) !== false)
        return [about(name, value, "nothing: with it kube-apiserver prints that and ends")];
      if (!ownApiserverArguments.includes(name)) return [];
      return [about(name, value, "nothing here, because this program sets it", elsewhere[name])];
    }),
};

/** Admission plugins without which nodes or pods are not what they should be, and why. */
const neededPlugins: Readonly<Record<string, string>> = {
  NodeRestriction: "which keeps every kubelet to its own Node",
  ServiceAccount: "without which no pod gets a token",
};

/** APIs that the program, the kubelets and the add-ons live by, as `runtime-config` names them. */
const neededApis =
  /^(api\/(all|ga)|v1|(apps|policy|coordination\.k8s\.io|certificates\.k8s\.io|discovery\.k8s\.io|rbac\.authorization\.k8s\.io)\/v1)$/;

const neededArguments: Rule = {
  says: "`api.extraArgs` keeps what the cluster lives by: the admission plugins NodeRestriction and ServiceAccount, anonymous health checks, the APIs of version v1, and the place of all data in etcd.",
  check({ api: { extraArgs } }) {
    const problems: Problem[] = [];
    const refuse = (name: string, allowed: string) => problems.push(about(name, extraArgs[name] ?? "", allowed));
    const enabled = extraArgs["enable-admission-plugins"];
    if (enabled !== undefined && !goList(enabled).includes("NodeRestriction")) {
      refuse("enable-admission-plugins", `a list that has NodeRestriction too, ${neededPlugins.NodeRestriction}`);
    }
    const disabled = goList(extraArgs["disable-admission-plugins"]);
    for (const [plugin, why] of Object.entries(neededPlugins)) {
      if (disabled.includes(plugin)) refuse("disable-admission-plugins", `a list without ${plugin}, ${why}`);
    }
    if (goBoolean(extraArgs["anonymous-auth"] ?? "true") === false) {
      refuse("anonymous-auth", "nothing, because balancers and kubelets ask /readyz and /livez without a credential");
    }
    if ((extraArgs["etcd-prefix"] ?? "/registry") !== "/registry") {
      refuse("etcd-prefix", "nothing: with another prefix apiservers see an empty cluster");
    }
    if ((extraArgs["etcd-servers-overrides"] ?? "") !== "") {
      refuse("etcd-servers-overrides", "nothing: what is in another etcd is in no snapshot and no restore");
    }
    if ((extraArgs["storage-backend"] ?? "etcd3") !== "etcd3") {
      refuse("storage-backend", "etcd3, which is the default");
    }
    const off = goMap(extraArgs["runtime-config"]).filter(([api, on]) => neededApis.test(api) && goBoolean(on) === false);
    if (off.length > 0) refuse("runtime-config", `a list that leaves ${off.map(([api]) => api).join(", ")} on`);
    return problems;
  },
};

const values: Rule = {
  says: "Truth values, numbers, durations and port ranges in `api.extraArgs` are ones that kube-apiserver can read.",
  check: (cluster) =>
    given(cluster).flatMap(([name, value]) => {
      const wanted = valueWanted(name, value);
      if (wanted !== undefined) return [about(name, value, wanted)];
      if (name !== "service-node-port-range" || goPortRange(value) !== undefined) return [];
      return [about(name, value, "a range of ports such as 30000-32767")];
    }),
};

/** Arguments that name a file which kube-apiserver reads. */
const files = [
  "admission-control-config-file",
  "audit-policy-file",
  "audit-webhook-config-file",
  "authentication-config",
  "authentication-token-webhook-config-file",
  "egress-selector-config-file",
  "encryption-provider-config",
  "oidc-ca-file",
  "peer-ca-file",
  "tls-sni-cert-key",
  "token-auth-file",
  "tracing-config-file",
];

/** What of a host kube-apiserver's pod sees (kubeadm's volumes.go), and the folder of `api.files`. */
const visible = [
  folderOf("api"),
  "/etc/kubernetes/pki",
  "/etc/ssl/certs",
  "/etc/ca-certificates",
  "/usr/share/ca-certificates",
  "/usr/local/share/ca-certificates",
];
const isSeen = (path: string) => visible.some((folder) => within(posix.normalize(path), folder));

const readFiles: Rule = {
  says: "Files that `api.extraArgs` names are in a folder that kube-apiserver's pod sees: that of `api.files`, /etc/kubernetes/pki or one of those for CA certificates.",
  check: (cluster) =>
    given(cluster)
      .filter(([name, value]) => files.includes(name) && !isSeen(value.split(/[,:]/)[0] as string))
      .map(([name, value]) =>
        about(
          name,
          value,
          `a file in a folder that kube-apiserver's pod sees: ${visible.join(", ")}`,
          `write it as cluster.api.files, which puts it into ${folderOf("api")}`,
        ),
      ),
};

/** Rules about kube-apiserver's arguments. */
export const apiserverRules: readonly Rule[] = [ownArguments, neededArguments, values, readFiles];

/** An audit log that stays empty, or goes with its pod. */
export const auditLog: Rule = {
  says: "`api.extraArgs` turns an audit log on that no policy fills, or that is lost with each restart of kube-apiserver.",
  check({ api: { extraArgs } }) {
    const path = extraArgs["audit-log-path"];
    if (path === undefined) return [];
    if (extraArgs["audit-policy-file"] === undefined)
      return [about("audit-log-path", path, "with audit-policy-file beside it: without a policy kube-apiserver records nothing")];
    if (path === "-" || within(posix.normalize(path), LOG_FOLDER)) return [];
    const allowed = `a file in ${LOG_FOLDER}, or "-", standard output: another one can't be written, or goes with the pod`;
    return [about("audit-log-path", path, allowed)];
  },
};

/** An argument that may be mistyped: releases differ in what they take, so it is only said. */
export const unknownArgument: Rule = {
  says: "`api.extraArgs` names an argument that is not known here: kube-apiserver does not start with one that it does not know.",
  check: (cluster) =>
    given(cluster)
      .filter(([name]) => !knownFlags.includes(name))
      .map(([name]) => {
        const meant = didYouMean(name, knownFlags);
        return {
          key: at("api", "extraArgs", name),
          found: `is not known here${meant === undefined ? "" : `; did you mean ${meant}?`}`,
          allowed: "an argument of this release of kube-apiserver, which does not start with another",
        };
      }),
};
