import { type Addon, labels, serviceAccount } from "../../../addons/addon.ts";
import { authorities, onControlPlanes, talksOnly } from "./cloud-pod.ts";
import { awsImage } from "./lock.ts";

const name = "aws-cloud-controller-manager";
const namespace = "kube-system";

/**
 * cloud-provider-aws: tells Kubernetes each Node's zone, instance type and addresses, removes its `uninitialized` taint, deletes the
 * Node of a terminated instance, and makes load balancers for Services. Finds a Node's instance by `spec.providerID`, so Nodes keep their
 * hosts' names. flannel makes the routes of pods, so it makes none.
 */
export const cloudController: Addon<"controller"> = {
  name,
  // Always: kubelets wait for it.
  settings: () => ({}),
  images: (versions) => ({ controller: awsImage("aws-cloud-controller-manager", versions) }),
  preload: "control-planes",
  objects: ({ cluster, images }) => [
    // The rules of cloud-provider-aws 1.36's own manifest, without tokens of other service accounts: it uses its own alone.
    ...serviceAccount(name, namespace, "ha-kubernetes:aws-cloud-controller-manager", [
      { apiGroups: [""], resources: ["events"], verbs: ["create", "patch", "update"] },
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch", "patch", "update", "delete"] },
      { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
      { apiGroups: [""], resources: ["services"], verbs: ["get", "list", "watch", "patch", "update"] },
      { apiGroups: [""], resources: ["services/status"], verbs: ["patch", "update"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create", "get", "list", "watch", "update"] },
      { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
      { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
    ]),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: `${name}-authentication`, namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name, namespace, labels: labels(name) },
      spec: {
        selector: { matchLabels: { "k8s-app": name } },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
        template: { metadata: { labels: labels(name) }, spec: podSpec(cluster.name, images.controller) },
      },
    },
  ],
};

const podSpec = (cluster: string, image: string) => ({
  ...onControlPlanes,
  serviceAccountName: name,
  containers: [
    {
      name,
      image,
      args: [
        "--cloud-provider=aws",
        `--cluster-name=${cluster}`,
        "--configure-cloud-routes=false",
        "--allocate-node-cidrs=false",
        // Only one of them is active.
        "--leader-elect=true",
        "--bind-address=127.0.0.1",
        "--v=2",
      ],
      // The requests of its own manifest.
      resources: { requests: { cpu: "200m" } },
      livenessProbe: {
        httpGet: { path: "/healthz", host: "127.0.0.1", port: 10258, scheme: "HTTPS" },
        initialDelaySeconds: 20,
        timeoutSeconds: 10,
      },
      securityContext: talksOnly,
      volumeMounts: [authorities.mount],
    },
  ],
  volumes: [authorities.volume],
});
