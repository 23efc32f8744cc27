import { type KubernetesObject, serviceAccount } from "../../addon.ts";
import { confined, deployment, role } from "../../workloads.ts";
import { NAMESPACE } from "./common.ts";

const name = "prometheus-operator";

/**
 * The operator that turns objects of its kinds into Prometheus and Alertmanager. It reads them in every namespace, so monitors and rules
 * may stand beside what they are about; what it writes is in this namespace alone. It may read Secrets by name everywhere, because such
 * an object may name one beside it. Prometheus goes on without the operator, so there is one of it.
 */
export const operator = (image: string, reloader: string): KubernetesObject[] => [
  ...serviceAccount(name, NAMESPACE, `ha-kubernetes:${name}`, [
    { apiGroups: ["monitoring.coreos.com"], resources: ["*"], verbs: ["get", "list", "watch", "update", "patch"] },
    { apiGroups: [""], resources: ["configmaps", "secrets"], verbs: ["get"] },
    { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get"] },
    { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
  ]),
  ...role(
    name,
    NAMESPACE,
    [name],
    [
      { apiGroups: ["apps"], resources: ["statefulsets"], verbs: ["*"] },
      { apiGroups: [""], resources: ["configmaps", "secrets"], verbs: ["*"] },
      {
        apiGroups: [""],
        resources: ["services", "services/finalizers", "endpoints"],
        verbs: ["get", "create", "update", "delete"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["list", "delete"] },
    ],
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
          args: [
            `--prometheus-config-reloader=${reloader}`,
            "--config-reloader-cpu-request=10m",
            "--config-reloader-cpu-limit=0",
            "--config-reloader-memory-request=32Mi",
            "--config-reloader-memory-limit=64Mi",
            `--prometheus-instance-namespaces=${NAMESPACE}`,
            `--alertmanager-instance-namespaces=${NAMESPACE}`,
            // It would watch Secrets and StatefulSets of every namespace for these.
            `--alertmanager-config-namespaces=${NAMESPACE}`,
            `--thanos-ruler-instance-namespaces=${NAMESPACE}`,
            "--web.listen-address=:8080",
          ],
          ports: [{ name: "web", containerPort: 8080 }],
          readinessProbe: { httpGet: { path: "/healthz", port: "web" } },
          livenessProbe: { httpGet: { path: "/healthz", port: "web" }, initialDelaySeconds: 15 },
          // 60 MiB in a cluster of three nodes.
          resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { memory: "256Mi" } },
          securityContext: confined,
        },
      ],
    },
  }),
];
