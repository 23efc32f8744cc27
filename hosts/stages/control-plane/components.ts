import { stringify } from "yaml";
import {
  AUDIT_POLICY,
  type Component,
  componentNames,
  folderOf,
  LOG_FOLDER,
  SCHEDULER_CONFIGURATION,
  textOf,
} from "../../../config/component-files.ts";
import { isMonitored, SERVING_FOLDER } from "../../../config/monitoring.ts";
import type { Cluster } from "../../../config/schema.ts";
import type { HostFile } from "../../stage.ts";

// What a config says of kube-apiserver, kube-controller-manager and kube-scheduler: their arguments, files and folders.

export type ComponentCluster = Pick<Cluster, "addons" | "api" | "controllerManager" | "featureGates" | "scheduler">;

type Arguments = Record<string, string>;

/** The arguments that the config gives a component, after those of the program, which the config's take the place of. */
export function argumentsOf(component: Component, cluster: ComponentCluster): Arguments {
  return { ...gates(component, cluster), ...typed[component](cluster), ...cluster[component].extraArgs };
}

/** Gates that one of the components lacks, though the others have them (`--help` of 1.36 and 1.37). */
const lacking: Readonly<Record<string, Component>> = { ControllerManagerReleaseLeaderElectionLockOnExit: "scheduler" };

function gates(component: Component, { featureGates }: ComponentCluster): Arguments {
  const own = Object.entries(featureGates).filter(([name]) => lacking[name] !== component);
  return own.length === 0 ? {} : { "feature-gates": own.map(([name, on]) => `${name}=${on}`).join(",") };
}

const given = (entries: Readonly<Record<string, string | undefined>>): Arguments =>
  Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined));
const text = (value: number | undefined, unit = "") => (value === undefined ? undefined : `${value}${unit}`);

/** Arguments that keys of their own set. */
const typed: Readonly<Record<Component, (cluster: ComponentCluster) => Arguments>> = {
  api: ({ api: { audit, maxRequestsInflight, maxMutatingRequestsInflight, eventTtlMinutes } }) =>
    given({
      "max-requests-inflight": text(maxRequestsInflight),
      "max-mutating-requests-inflight": text(maxMutatingRequestsInflight),
      "event-ttl": text(eventTtlMinutes, "m"),
      ...(audit && {
        "audit-policy-file": `${folderOf("api")}/${AUDIT_POLICY}`,
        "audit-log-path": `${LOG_FOLDER}/audit.log`,
        "audit-log-maxage": text(audit.maximumAgeDays),
        "audit-log-maxbackup": text(audit.maximumFiles),
        "audit-log-maxsize": text(audit.maximumMebibytes),
      }),
    }),
  controllerManager: ({ controllerManager: { kubeApiQps, kubeApiBurst, nodeMonitorGracePeriodSeconds } }) =>
    given({
      "kube-api-qps": text(kubeApiQps),
      "kube-api-burst": text(kubeApiBurst),
      "node-monitor-grace-period": text(nodeMonitorGracePeriodSeconds, "s"),
    }),
  scheduler: ({ scheduler: { configuration } }) =>
    given({ config: configuration && `${folderOf("scheduler")}/${SCHEDULER_CONFIGURATION}` }),
};

/**
 * Logs who did what, without contents: no Secret gets into the log. Health checks and leases come every
 * few seconds from everywhere.
 */
const defaultPolicy = {
  omitStages: ["RequestReceived"],
  rules: [
    { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*"] },
    { level: "None", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }] },
    { level: "Metadata" },
  ],
};

/** kube-apiserver does not start with a policy without rules: one that has none gets the default ones. */
const withRules = (policy: Readonly<Record<string, unknown>> = {}) =>
  policy.rules === undefined ? { ...defaultPolicy, ...policy } : policy;

interface ComponentFile {
  name: string;
  content: string;
  secret: boolean;
}

/** A component's files: those of the config, and those that keys of their own make. */
function filesOf(component: Component, cluster: ComponentCluster, secrets: Readonly<Record<string, string>>): ComponentFile[] {
  const own = Object.entries(cluster[component].files).map(([name, { content, secret }]) => {
    const written = secret ? secrets[name] : textOf(content);
    if (written === undefined) throw new Error(`the secret \`files\` of the stack has no ${name}, which a component needs`);
    return { name, content: written, secret };
  });
  const made = (name: string, about: object) => ({ name, content: stringify(about), secret: false });
  const { audit } = cluster.api;
  const { configuration } = cluster.scheduler;
  if (component === "api" && audit)
    own.push(made(AUDIT_POLICY, { apiVersion: "audit.k8s.io/v1", kind: "Policy", ...withRules(audit.policy) }));
  if (component === "scheduler" && configuration)
    own.push(made(SCHEDULER_CONFIGURATION, { ...schedulerBasics, ...configuration, ...clientOf(configuration) }));
  return own;
}

const schedulerBasics = { apiVersion: "kubescheduler.config.k8s.io/v1", kind: "KubeSchedulerConfiguration" };
// With a configuration, the scheduler does not read the argument --kubeconfig.
const clientOf = ({ clientConnection }: Readonly<Record<string, unknown>>) => ({
  clientConnection: { ...(clientConnection as object | undefined), kubeconfig: "/etc/kubernetes/scheduler.conf" },
});

/** What the texts of a component's files are, for the digest by which its pod restarts. Secret. */
export const contentsOf = (
  component: Component,
  cluster: ComponentCluster,
  secrets: Readonly<Record<string, string>>,
): string[] => filesOf(component, cluster, secrets).flatMap(({ name, content }) => [name, content]);

/**
 * The files of all components, as hosts get them. `salt` is a secret of the cluster: with it in the digest that a preview shows, the
 * content of a secret file can't be guessed.
 */
export const componentFiles = (cluster: ComponentCluster, secrets: Readonly<Record<string, string>>, salt: string): HostFile[] =>
  componentNames.flatMap((component) =>
    filesOf(component, cluster, secrets).map(({ name, content, secret }) => ({
      path: `${folderOf(component)}/${name}`,
      content,
      ...(secret && { mode: "0600", shown: `${salt}\0${content}` }),
    })),
  );

/** kubeadm's `extraVolumes` of a component: its files, read-only, the certificate that Prometheus knows it by, and for kube-apiserver the folder of its logs. */
export function extraVolumes(component: Component, cluster: ComponentCluster): { extraVolumes?: object[] } {
  const folder = (name: string, path: string, readOnly: boolean) => ({
    name,
    hostPath: path,
    mountPath: path,
    readOnly,
    pathType: "DirectoryOrCreate",
  });
  const { "audit-log-path": log = "" } = component === "api" ? argumentsOf(component, cluster) : {};
  const hasFiles =
    Object.keys(cluster[component].files).length > 0 ||
    (component === "api" && cluster.api.audit !== undefined) ||
    (component === "scheduler" && cluster.scheduler.configuration !== undefined);
  const serves = component !== "api" && isMonitored(cluster);
  const all = [
    ...(hasFiles ? [folder("files", folderOf(component), true)] : []),
    ...(serves ? [folder("serving", SERVING_FOLDER, true)] : []),
    ...(log.startsWith(`${LOG_FOLDER}/`) ? [folder("logs", LOG_FOLDER, false)] : []),
  ];
  return all.length === 0 ? {} : { extraVolumes: all };
}
