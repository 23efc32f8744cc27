import { type KubernetesObject, serviceAccount } from "../../addon.ts";
import { addonImage } from "../../lock.ts";
import { confined, deployment } from "../../workloads.ts";
import type { SetAddon } from "../set-addon.ts";
import { NAMESPACE } from "./common.ts";

const name = "kube-state-metrics";

/** What it counts, by API group: no Secret or ConfigMap, whose contents it would be given, too. */
const counted: Readonly<Record<string, readonly string[]>> = {
  "": [
    "endpoints",
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "services",
  ],
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  "certificates.k8s.io": ["certificatesigningrequests"],
  "coordination.k8s.io": ["leases"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
  policy: ["poddisruptionbudgets"],
  "storage.k8s.io": ["storageclasses", "volumeattachments"],
};

/** kube-state-metrics: what the API knows of objects, as numbers. One pod reads it all; a second would count everything twice. */
export const kubeStateMetrics: SetAddon<"kubeStateMetrics", true> = {
  name,
  key: "monitoring",
  namespace: NAMESPACE,
  order: 510,
  settings: ({ addons: { monitoring } }) => (monitoring.enabled && monitoring.kubeStateMetrics ? true : undefined),
  images: (versions) => ({ kubeStateMetrics: addonImage(name, versions) }),
  objects: ({ images }) => objects(images.kubeStateMetrics),
};

const objects = (image: string): KubernetesObject[] => [
  ...serviceAccount(
    name,
    NAMESPACE,
    `ha-kubernetes:${name}`,
    Object.entries(counted).map(([group, resources]) => ({ apiGroups: [group], resources, verbs: ["list", "watch"] })),
  ),
  deployment(name, NAMESPACE, {
    podSpec: {
      serviceAccountName: name,
      priorityClassName: "system-cluster-critical",
      nodeSelector: { "kubernetes.io/os": "linux" },
      containers: [
        {
          name,
          image,
          args: [`--resources=${Object.values(counted).flat().join(",")}`],
          ports: [
            { name: "web", containerPort: 8080 },
            { name: "itself", containerPort: 8081 },
          ],
          livenessProbe: { httpGet: { path: "/livez", port: "web" }, initialDelaySeconds: 5, timeoutSeconds: 5 },
          readinessProbe: { httpGet: { path: "/readyz", port: "itself" }, initialDelaySeconds: 5, timeoutSeconds: 5 },
          resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
          securityContext: confined,
        },
      ],
    },
  }),
];
