import { type Component, componentNames, components } from "../component-files.ts";
import { didYouMean, oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { minorOf } from "../versions.ts";
import { componentFlags, componentValueWanted } from "./component-flags.ts";
import { controllerRules } from "./controllers.ts";
import { knownGates, releasesWith } from "./feature-gates.ts";
import { goBoolean, goMap } from "./go-arguments.ts";
import { at, type Rule } from "./rule.ts";

// Arguments of kube-controller-manager and kube-scheduler, and what all three components have in common. kube-apiserver's own rules are
// in apiserver.ts.

/** Arguments that this program or kubeadm sets (kubeadm's manifests.go); another value would break the cluster or be overwritten. */
const ownOfBoth = `authentication-kubeconfig authorization-kubeconfig bind-address client-ca-file kubeconfig leader-elect master
  requestheader-client-ca-file secure-port`;
const own: Readonly<Record<Exclude<Component, "api">, readonly string[]>> = {
  controllerManager:
    `${ownOfBoth} allocate-node-cidrs cluster-cidr cluster-name cluster-signing-cert-file cluster-signing-duration
    cluster-signing-key-file controllers node-cidr-mask-size node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6 root-ca-file
    service-account-private-key-file service-cluster-ip-range use-service-account-credentials`.split(/\s+/),
  scheduler: `${ownOfBoth} config write-config-to`.split(/\s+/),
};

/** Where the config has another place for what an argument says. */
const elsewhere: Readonly<Record<string, string>> = {
  "cluster-cidr": "set cluster.network.podCidr",
  "cluster-name": "set cluster.name",
  "cluster-signing-duration": "set cluster.certificates.leafValidityHours",
  "node-cidr-mask-size": "set cluster.network.nodeMask",
  "node-cidr-mask-size-ipv4": "set cluster.network.nodeMask.ipv4",
  "node-cidr-mask-size-ipv6": "set cluster.network.nodeMask.ipv6",
  config: "write its fields below cluster.scheduler.configuration",
  "service-cluster-ip-range": "set cluster.network.serviceCidr",
};

const others = ["controllerManager", "scheduler"] as const;
const given = (cluster: Cluster, component: Component) => Object.entries(cluster[component].extraArgs);
const about = (component: Component, name: string, value: string, allowed: string, cure?: string): Problem => ({
  key: at(component, "extraArgs", name),
  found: `is ${shown(value)}`,
  allowed,
  ...(cure !== undefined && { cure }),
});

const ownArguments: Rule = {
  says: "`controllerManager.extraArgs` and `scheduler.extraArgs` name no argument that this program or kubeadm sets itself, or with which the component prints something and ends.",
  check: (cluster) =>
    others.flatMap((component) =>
      given(cluster, component).flatMap(([name, value]) => {
        if ((name === "help" || name === "version") && goBoolean(value) !== false)
          return [about(component, name, value, `nothing: with it ${components[component]} prints that and ends`)];
        if (!own[component].includes(name)) return [];
        return [about(component, name, value, "nothing here, because this program sets it", elsewhere[name])];
      }),
    ),
};

const values: Rule = {
  says: "Truth values, numbers and durations in `controllerManager.extraArgs` and `scheduler.extraArgs` are ones that the component can read.",
  check: (cluster) =>
    others.flatMap((component) =>
      given(cluster, component).flatMap(([name, value]) => {
        const wanted = own[component].includes(name) ? undefined : componentValueWanted(component, name, value);
        return wanted === undefined ? [] : [about(component, name, value, wanted)];
      }),
    ),
};

/** Arguments that keys of their own set, with those keys; a key that is not given sets nothing. */
const typed: Readonly<Record<Component, Readonly<Record<string, readonly [section: keyof Cluster, key?: string]>>>> = {
  api: {
    "max-requests-inflight": ["api", "maxRequestsInflight"],
    "max-mutating-requests-inflight": ["api", "maxMutatingRequestsInflight"],
    "event-ttl": ["api", "eventTtlMinutes"],
    "audit-policy-file": ["api", "audit"],
    "audit-log-path": ["api", "audit"],
    "audit-log-maxage": ["api", "audit"],
    "audit-log-maxbackup": ["api", "audit"],
    "audit-log-maxsize": ["api", "audit"],
    "feature-gates": ["featureGates"],
  },
  controllerManager: {
    "kube-api-qps": ["controllerManager", "kubeApiQps"],
    "kube-api-burst": ["controllerManager", "kubeApiBurst"],
    "node-monitor-grace-period": ["controllerManager", "nodeMonitorGracePeriodSeconds"],
    "feature-gates": ["featureGates"],
  },
  scheduler: { "feature-gates": ["featureGates"] },
};

const saidTwice: Rule = {
  says: "No `extraArgs` names an argument that a key of its own sets, too.",
  check: (cluster) =>
    componentNames.flatMap((component) =>
      given(cluster, component).flatMap(([name, value]) => {
        const [section, key] = typed[component][name] ?? [];
        if (section === undefined) return [];
        const set = key === undefined ? cluster[section] : (cluster[section] as Record<string, unknown>)[key];
        const isSet = key === undefined ? Object.keys(set as object).length > 0 : set !== undefined;
        const path = at(section, ...(key === undefined ? [] : [key]));
        return isSet ? [about(component, name, value, `one of both: ${path} sets it, too`)] : [];
      }),
    ),
};

const gates: Rule = {
  says: "`featureGates`, and the argument `feature-gates`, name no gate that this release of Kubernetes does not have.",
  check(cluster) {
    const minor = minorOf(cluster.kubernetesVersion);
    const about = (key: string, gate: string, value: unknown): Problem[] => {
      const releases = releasesWith(gate, minor);
      const found = `is ${shown(value)}, and Kubernetes ${minor} has no ${gate}`;
      return releases === undefined ? [] : oneProblem(key, found, `this gate with Kubernetes ${releases} only`);
    };
    return [
      ...Object.entries(cluster.featureGates).flatMap(([gate, on]) => about(at("featureGates", gate), gate, on)),
      ...componentNames.flatMap((component) =>
        goMap(cluster[component].extraArgs["feature-gates"]).flatMap(([gate, on]) =>
          about(at(component, "extraArgs", "feature-gates"), gate.replace(/^kube:/, ""), on),
        ),
      ),
    ];
  },
};

/** Rules about the arguments of all components. */
export const componentRules: readonly Rule[] = [ownArguments, values, ...controllerRules, saidTwice, gates];

/** Arguments that may be mistyped: releases differ in what they take, so it is only said. */
export const unknownComponentArgument: Rule = {
  says: "`controllerManager.extraArgs` or `scheduler.extraArgs` names an argument that is not known here: a component does not start with one that it does not know.",
  check: (cluster) =>
    others.flatMap((component) =>
      given(cluster, component)
        .filter(([name]) => !componentFlags[component].has(name))
        .map(([name]) => {
          const meant = didYouMean(name, [...componentFlags[component].keys()]);
          return {
            key: at(component, "extraArgs", name),
            found: `is not known here${meant === undefined ? "" : `; did you mean ${meant}?`}`,
            allowed: `an argument of this release of ${components[component]}, which does not start with another`,
          };
        }),
    ),
};

/** A gate that may be mistyped. */
export const unknownGate: Rule = {
  says: "`featureGates` names a gate that is not known here: no component starts with one that it does not know.",
  check: ({ featureGates }) =>
    Object.keys(featureGates)
      .filter((name) => !knownGates.includes(name))
      .map((name) => {
        const meant = didYouMean(name, knownGates);
        return {
          key: at("featureGates", name),
          found: `is not known here${meant === undefined ? "" : `; did you mean ${meant}?`}`,
          allowed: "a feature gate of this release of Kubernetes, which does not start with another",
        };
      }),
};
