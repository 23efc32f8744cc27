import { digest } from "../../config/digest.ts";
import type { Cluster } from "../../config/schema.ts";
import { type KubernetesObject, labels, serviceAccount } from "../addon.ts";
import { addonImage } from "../lock.ts";
import { confined, deployment } from "../workloads.ts";
import type { SetAddon } from "./set-addon.ts";
import { storageClass } from "./storage-class.ts";

const name = "local-path-provisioner";
const namespace = "local-path-storage";

type Settings = Cluster["addons"]["localPath"];

/**
 * Volumes that are folders on nodes' own disks. For each, a short-lived pod on the node makes or removes the folder. Rights are those of
 * its project's manifests, without what it does not use.
 */
export const localPath: SetAddon<"localPath", Settings> = {
  name: "local-path",
  namespace,
  order: 10,
  settings: ({ addons }) => (addons.localPath.enabled ? addons.localPath : undefined),
  images: (versions) => ({ localPath: addonImage(name, versions) }),
  preload: "nodes",
  objects: ({ images, settings }) => {
    const configuration = data(settings, images.localPath);
    return [
      {
        apiVersion: "v1",
        kind: "Namespace",
        // Its short-lived pods write to folders of nodes.
        metadata: { name: namespace, labels: { ...labels(name), "pod-security.kubernetes.io/enforce": "privileged" } },
      },
      ...serviceAccount(name, namespace, "ha-kubernetes:local-path", [
        { apiGroups: [""], resources: ["nodes", "persistentvolumeclaims"], verbs: ["get", "list", "watch"] },
        {
          apiGroups: [""],
          resources: ["persistentvolumes"],
          verbs: ["get", "list", "watch", "create", "patch", "update", "delete"],
        },
        { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
        { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get", "list", "watch"] },
      ]),
      ...ownRights,
      // Of the short-lived pods, which ask the API for nothing.
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "helper", namespace, labels: labels(name) },
        automountServiceAccountToken: false,
      },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "local-path-config", namespace, labels: labels(name) },
        data: configuration,
      },
      // Two would each make a volume of one claim.
      deployment(name, namespace, {
        podSpec: podSpec(images.localPath),
        annotations: { "ha-kubernetes/configuration": digest(JSON.stringify(configuration)) },
        strategy: { type: "Recreate" },
      }),
      storageClass("local-path", "rancher.io/local-path", {
        isDefault: settings.default,
        // Unlike a hostPath volume, one whose folder is gone does not start empty without a word, and fsGroup works.
        annotations: { defaultVolumeType: "local" },
        fields: { volumeBindingMode: "WaitForFirstConsumer" },
      }),
    ];
  },
};

const ownRights: readonly KubernetesObject[] = [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name, namespace, labels: labels(name) },
    rules: [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "create", "delete"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
    ],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name, namespace, labels: labels(name) },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  },
];

/** busybox is in the project's image, which is Alpine's, and in one that a bundle built. */
const script = (command: string) => `#!/bin/sh\nset -eu\n${command}\n`;

function data({ path }: Settings, image: string): Record<string, string> {
  const nodePathMap = [{ node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: [path] }];
  return {
    "config.json": `${JSON.stringify({ nodePathMap }, null, 2)}\n`,
    // Pods of any user write there.
    setup: script('busybox mkdir -m 0777 -p "$VOL_DIR"'),
    teardown: script('busybox rm -rf "$VOL_DIR"'),
    // The project reads JSON, too, as YAML.
    "helperPod.yaml": `${JSON.stringify(helperPod(image), null, 2)}\n`,
  };
}

const helperPod = (image: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "helper", labels: { "app.kubernetes.io/managed-by": "ha-kubernetes" } },
  spec: {
    // A full node is where folders are to be removed.
    priorityClassName: "system-node-critical",
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: "helper",
        image,
        imagePullPolicy: "IfNotPresent",
        resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"], add: ["DAC_OVERRIDE", "FOWNER"] },
          readOnlyRootFilesystem: true,
        },
      },
    ],
  },
});

const podSpec = (image: string) => ({
  serviceAccountName: name,
  priorityClassName: "system-cluster-critical",
  nodeSelector: { "kubernetes.io/os": "linux" },
  containers: [
    {
      name,
      image,
      command: ["/usr/bin/local-path-provisioner"],
      args: [
        ...["start", "--config=/etc/config/config.json", "--configmap-name=local-path-config", "--service-account-name=helper"],
        ...[`--helper-image=${image}`, "--helper-pod-file=/etc/config/helperPod.yaml"],
      ],
      env: [{ name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } }],
      resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "256Mi" } },
      securityContext: confined,
      volumeMounts: [{ name: "config", mountPath: "/etc/config", readOnly: true }],
    },
  ],
  volumes: [{ name: "config", configMap: { name: "local-path-config" } }],
});
