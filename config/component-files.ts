import { stringify } from "yaml";

// Files of the control plane's components: where they are on hosts, and how their content is written in a config. Rules and hosts agree here.

/** The sections of the config that are a component of the control plane, and the component's own name. */
export const components = {
  api: "kube-apiserver",
  controllerManager: "kube-controller-manager",
  scheduler: "kube-scheduler",
} as const;
export type Component = keyof typeof components;
export const componentNames = Object.keys(components) as Component[];

/** Where a component's files are on every control plane, and in its pod. */
export const folderOf = (component: Component): string => `/etc/kubernetes/${components[component]}`;

/** The one folder of a control plane's host that kube-apiserver may write to. Audit logs go there, and stay when the cluster goes. */
export const LOG_FOLDER = "/var/log/kubernetes/kube-apiserver";

/** What the program itself writes into those folders. */
export const AUDIT_POLICY = "audit-policy.yaml";
export const SCHEDULER_CONFIGURATION = "configuration.yaml";

/** A file's text: as it is, or YAML of what the config has as a mapping. */
export const textOf = (content: unknown): string => (typeof content === "string" ? content : stringify(content));
