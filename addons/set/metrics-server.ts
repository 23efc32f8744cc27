import type { Cluster } from "../../config/schema.ts";
import { clusterRoleBinding, type KubernetesObject, labels, serviceAccount, trusts } from "../addon.ts";
import { addonImage } from "../lock.ts";
import { confined, deployment, disruptionBudget, rolling, spread } from "../workloads.ts";
import { AUTHORITY } from "./serving.ts";
import type { SetAddon } from "./set-addon.ts";

const name = "metrics-server";
const namespace = "kube-system";
const PORT = 10250;
/** Where pods find the cluster's authority. */
const TRUST = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

/**
 * The metrics API: processor and memory use of nodes and pods. It verifies kubelets, and the API verifies it, by the cluster's authority.
 * Rights, flags and figures are those of its project's manifests.
 */
export const metricsServer: SetAddon<"metricsServer", Cluster["addons"]["metricsServer"]> = {
  name,
  namespace,
  order: 10,
  settings: ({ addons }) => (addons.metricsServer.enabled ? addons.metricsServer : undefined),
  images: (versions) => ({ metricsServer: addonImage(name, versions) }),
  preload: "nodes",
  serving: { secret: "metrics-server-serving", service: name },
  objects: ({ cluster, images, settings }) => [
    ...serviceAccount(name, namespace, "ha-kubernetes:metrics-server", [
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
    ]),
    // It asks the API who may read metrics.
    clusterRoleBinding("ha-kubernetes:metrics-server:delegator", "system:auth-delegator", {
      kind: "ServiceAccount",
      name,
      namespace,
    }),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "ha-kubernetes:metrics-server", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    readers,
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels: labels(name) },
      spec: { selector: { "k8s-app": name }, ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: "https" }] },
    },
    ...(settings.replicas > 1 ? [disruptionBudget(name, namespace)] : []),
    deployment(name, namespace, {
      replicas: settings.replicas,
      podSpec: podSpec(images.metricsServer, settings.replicas),
      annotations: trusts(cluster),
      strategy: rolling(settings.replicas > 1 ? 1 : 0),
    }),
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io", labels: labels(name) },
      spec: {
        caBundle: AUTHORITY,
        group: "metrics.k8s.io",
        groupPriorityMinimum: 100,
        service: { name, namespace, port: 443 },
        version: "v1beta1",
        versionPriority: 100,
      },
    },
  ],
};

/** Who may read a namespace may read its metrics. */
const readers: KubernetesObject = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: {
    name: "ha-kubernetes:metrics-readers",
    labels: {
      ...labels(name),
      ...Object.fromEntries(["view", "edit", "admin"].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, "true"])),
    },
  },
  rules: [{ apiGroups: ["metrics.k8s.io"], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }],
};

const podSpec = (image: string, replicas: number) => ({
  serviceAccountName: name,
  priorityClassName: "system-cluster-critical",
  nodeSelector: { "kubernetes.io/os": "linux" },
  ...(replicas > 1 && { topologySpreadConstraints: spread({ "k8s-app": name }) }),
  containers: [
    {
      name,
      image,
      args: [
        `--secure-port=${PORT}`,
        "--tls-cert-file=/serving/tls.crt",
        "--tls-private-key-file=/serving/tls.key",
        // Kubelets' certificates have their Nodes' addresses.
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-use-node-status-port",
        `--kubelet-certificate-authority=${TRUST}`,
        "--metric-resolution=15s",
      ],
      ports: [{ name: "https", containerPort: PORT, protocol: "TCP" }],
      // Enough for 100 nodes, by the project's own figures; 2 MiB more for each further one.
      resources: { requests: { cpu: "100m", memory: "200Mi" }, limits: { memory: "1Gi" } },
      readinessProbe: { httpGet: { path: "/readyz", port: "https", scheme: "HTTPS" }, periodSeconds: 5 },
      livenessProbe: {
        httpGet: { path: "/livez", port: "https", scheme: "HTTPS" },
        initialDelaySeconds: 20,
        periodSeconds: 10,
      },
      securityContext: confined,
      volumeMounts: [{ name: "serving", mountPath: "/serving", readOnly: true }],
    },
  ],
  // Read by who runs as nobody; the certificate is read again when it changes.
  securityContext: { fsGroup: 65534 },
  volumes: [{ name: "serving", secret: { secretName: "metrics-server-serving", defaultMode: 0o440 } }],
});
