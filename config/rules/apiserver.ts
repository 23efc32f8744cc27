import { type Problem, shown } from "../problems.ts";
import { at, type Rule } from "./rule.ts";

// kube-apiserver's arguments: what `api.extraArgs` may not say.

/** Arguments of kube-apiserver that this program or kubeadm sets; another value would break the cluster or be overwritten. */
export const ownApiserverArguments: readonly string[] = [
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

/** Where the config has another place for what an argument says. */
const elsewhere: Readonly<Record<string, string>> = {
  "etcd-servers": "give hosts the role etcd",
  "service-cluster-ip-range": "set cluster.network.serviceCidr",
  "tls-cert-file": "add names with cluster.api.extraNames",
};

const ownArguments: Rule = {
  says: "`api.extraArgs` names no argument that this program or kubeadm sets itself.",
  check: ({ api }) =>
    Object.entries(api.extraArgs)
      .filter(([name]) => ownApiserverArguments.includes(name))
      .map(([name, value]) => {
        const cure = elsewhere[name];
        const problem = {
          key: at("api", "extraArgs", name),
          found: `is ${shown(value)}`,
          allowed: "nothing here, because this program sets it",
        };
        return cure === undefined ? problem : { ...problem, cure };
      }),
};

const listed = (value: string | undefined) => (value ?? "").split(",").map((item) => item.trim());

const neededArguments: Rule = {
  says: "`api.extraArgs` keeps what the cluster lives by: the admission plugin NodeRestriction, and anonymous health checks.",
  check({ api: { extraArgs } }) {
    const problems: Problem[] = [];
    const refuse = (name: string, allowed: string) =>
      problems.push({ key: at("api", "extraArgs", name), found: `is ${shown(extraArgs[name])}`, allowed });
    const enabled = extraArgs["enable-admission-plugins"];
    if (enabled !== undefined && !listed(enabled).includes("NodeRestriction")) {
      refuse("enable-admission-plugins", "a list that has NodeRestriction too, which keeps every kubelet to its own Node");
    }
    if (listed(extraArgs["disable-admission-plugins"]).includes("NodeRestriction")) {
      refuse("disable-admission-plugins", "a list without NodeRestriction, which keeps every kubelet to its own Node");
    }
    if (extraArgs["anonymous-auth"] === "false") {
      refuse(
        "anonymous-auth",
        "nothing, because balancers and kubelets ask /readyz and /livez without a credential; authentication-config can narrow it to these",
      );
    }
    return problems;
  },
};

/** Rules about kube-apiserver's arguments. */
export const apiserverRules: readonly Rule[] = [ownArguments, neededArguments];
