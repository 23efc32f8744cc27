import { digest } from "../../config/digest.ts";
import { clusterRoleBinding, daemonSet, labels } from "../addon.ts";
import { addonImage } from "../lock.ts";
import type { SetAddon } from "./set-addon.ts";

const name = "node-problem-detector";
const namespace = "kube-system";

/**
 * Reads the kernel's log on every node and makes events and conditions of the Node from it. Its image is built with cgo for journald,
 * which these monitors do not need.
 */
export const nodeProblemDetector: SetAddon<"detector", true> = {
  name,
  namespace,
  order: 10,
  settings: ({ addons }) => (addons.nodeProblemDetector ? true : undefined),
  images: (versions) => ({ detector: addonImage(name, versions) }),
  preload: "nodes",
  objects: ({ images }) => [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    // Kubernetes' own role for it.
    clusterRoleBinding(`ha-kubernetes:${name}`, `system:${name}`, { kind: "ServiceAccount", name, namespace }),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: labels(name) }, data: monitors },
    daemonSet(name, namespace, podSpec(images.detector), { "ha-kubernetes/configuration": digest(JSON.stringify(monitors)) }),
  ],
};

/** What the kernel says of a problem that passes: an event. */
const passing = {
  OOMKilling: "Killed process \\d+ (.+) total-vm:\\d+kB, anon-rss:\\d+kB, file-rss:\\d+kB.*",
  TaskHung: "task [\\S ]+:\\w+ blocked for more than \\w+ seconds\\.",
  UnregisterNetDevice: "unregister_netdevice: waiting for \\w+ to become free. Usage count = \\d+",
  KernelOops: "BUG: unable to handle kernel NULL pointer dereference at .*",
  Ext4Error: "EXT4-fs error .*",
  IOError: "Buffer I/O error .*",
  MemoryReadError: "CE memory read error .*",
  // A disk of an array, see docs/storage.md.
  ArrayDegraded: "md/raid.*: Disk failure on .*, disabling device.*",
};

const monitor = (source: string, conditions: readonly object[], rules: readonly object[]) =>
  JSON.stringify(
    {
      ...{ plugin: "kmsg", logPath: "/dev/kmsg", lookback: "5m", bufferSize: 10, source, metricsReporting: true },
      conditions,
      rules,
    },
    undefined,
    1,
  );

const monitors = {
  "kernel-monitor.json": monitor(
    "kernel-monitor",
    [{ type: "KernelDeadlock", reason: "KernelHasNoDeadlock", message: "kernel has no deadlock" }],
    [
      ...Object.entries(passing).map(([reason, pattern]) => ({ type: "temporary", reason, pattern })),
      {
        type: "permanent",
        condition: "KernelDeadlock",
        reason: "ContainerRuntimeHung",
        pattern: "task (containerd|runc)\\S*:\\w+ blocked for more than \\w+ seconds\\.",
      },
    ],
  ),
  "readonly-monitor.json": monitor(
    "readonly-monitor",
    [{ type: "ReadonlyFilesystem", reason: "FilesystemIsNotReadOnly", message: "Filesystem is not read-only" }],
    [
      {
        type: "permanent",
        condition: "ReadonlyFilesystem",
        reason: "FilesystemIsReadOnly",
        pattern: "Remounting filesystem read-only",
      },
    ],
  ),
};

const podSpec = (image: string) => ({
  serviceAccountName: name,
  priorityClassName: "system-node-critical",
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ operator: "Exists" }],
  containers: [
    {
      name,
      image,
      command: [
        "/node-problem-detector",
        "--logtostderr",
        `--config.system-log-monitor=${Object.keys(monitors)
          .map((file) => `/config/${file}`)
          .join(",")}`,
        // Read by the network of pods; the default is the pod's own loopback interface.
        "--prometheus-address=0.0.0.0",
        "--port=0",
      ],
      env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
      ports: [{ name: "metrics", containerPort: 20257, protocol: "TCP" }],
      resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "80Mi" } },
      // The device of the kernel's log opens for nothing less.
      securityContext: { privileged: true, readOnlyRootFilesystem: true },
      volumeMounts: [
        { name: "kmsg", mountPath: "/dev/kmsg", readOnly: true },
        { name: "configuration", mountPath: "/config", readOnly: true },
      ],
    },
  ],
  volumes: [
    { name: "kmsg", hostPath: { path: "/dev/kmsg" } },
    { name: "configuration", configMap: { name } },
  ],
});
