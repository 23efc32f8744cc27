import { type Addon, serviceAccount } from "../../../addons/addon.ts";
import { authorities, hostPortDeployment, onControlPlanes, replicasOf, talksOnly } from "./cloud-pod.ts";
import { awsImage } from "./lock.ts";

const name = "cluster-autoscaler";
const namespace = "kube-system";
const read = ["get", "list", "watch"];

/** The tags by which it finds its own auto-scaling groups. */
export const discoveryTags = (cluster: string) => ["k8s.io/cluster-autoscaler/enabled", `k8s.io/cluster-autoscaler/${cluster}`];

/**
 * cluster-autoscaler: adds an instance to a pool when pods find no room, drains and removes one that is hardly used. It knows pools,
 * empty ones too, by their tags alone. It is on if a pool has `autoscaling`.
 */
export const clusterAutoscaler = ({ region }: { region: string }): Addon<"autoscaler"> => ({
  name,
  settings: ({ pools }) => (Object.values(pools).some(({ autoscaling }) => autoscaling !== undefined) ? {} : undefined),
  images: (versions) => ({ autoscaler: awsImage("cluster-autoscaler", versions) }),
  objects: ({ cluster, images }) => [
    // The rules of the Helm chart of cluster-autoscaler 1.36 for AWS.
    ...serviceAccount(name, namespace, "ha-kubernetes:cluster-autoscaler", [
      { apiGroups: [""], resources: ["events", "endpoints"], verbs: ["create", "patch"] },
      { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
      { apiGroups: [""], resources: ["pods/status"], verbs: ["update"] },
      { apiGroups: [""], resources: ["nodes"], verbs: [...read, "update"] },
      {
        apiGroups: [""],
        resources: [
          "namespaces",
          "pods",
          "podtemplates",
          "services",
          "replicationcontrollers",
          "persistentvolumeclaims",
          "persistentvolumes",
          "configmaps",
        ],
        verbs: read,
      },
      { apiGroups: ["resource.k8s.io"], resources: ["resourceslices", "deviceclasses", "resourceclaims"], verbs: read },
      { apiGroups: ["batch"], resources: ["jobs", "cronjobs"], verbs: [...read, "patch"] },
      { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: read },
      { apiGroups: ["apps"], resources: ["daemonsets", "replicasets", "statefulsets"], verbs: read },
      {
        apiGroups: ["storage.k8s.io"],
        resources: ["storageclasses", "csinodes", "csidrivers", "csistoragecapacities", "volumeattachments"],
        verbs: read,
      },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: [name], verbs: ["get", "update"] },
    ]),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name, namespace },
      rules: [
        { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] },
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: ["cluster-autoscaler-status"],
          verbs: ["get", "update", "delete"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    hostPortDeployment(name, replicasOf(cluster), podSpec(cluster.name, region, images.autoscaler)),
  ],
});

const podSpec = (cluster: string, region: string, image: string) => ({
  ...onControlPlanes,
  serviceAccountName: name,
  containers: [
    {
      name,
      image,
      command: ["./cluster-autoscaler"],
      args: [
        "--cloud-provider=aws",
        `--node-group-auto-discovery=asg:tag=${discoveryTags(cluster).join(",")}`,
        // Groups that differ by zone alone grow evenly.
        "--balance-similar-node-groups=true",
        // Without this, an emptyDir keeps a node forever.
        "--skip-nodes-with-local-storage=false",
        "--expander=least-waste",
        "--address=127.0.0.1:8085",
        "--stderrthreshold=info",
        "--v=2",
      ],
      env: [{ name: "AWS_REGION", value: region }],
      ports: [{ name: "metrics", containerPort: 8085, hostPort: 8085, hostIP: "127.0.0.1", protocol: "TCP" }],
      // The resources of its own example.
      resources: { requests: { cpu: "100m", memory: "600Mi" }, limits: { memory: "600Mi" } },
      livenessProbe: { httpGet: { path: "/health-check", host: "127.0.0.1", port: 8085 }, initialDelaySeconds: 30 },
      securityContext: talksOnly,
      volumeMounts: [authorities.mount],
    },
  ],
  volumes: [authorities.volume],
});
