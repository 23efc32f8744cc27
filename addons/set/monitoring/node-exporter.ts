import { NODE_EXPORTER_PORT } from "../../../config/ports.ts";
import { daemonSet, type KubernetesObject } from "../../addon.ts";
import { confined } from "../../workloads.ts";
import { NAMESPACE } from "./common.ts";

const name = "node-exporter";

/** node-exporter in the network of every node, which it only reads. The firewall lets nodes and pods in, nobody else. */
export const nodeExporter = (image: string): KubernetesObject[] => [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: NAMESPACE }, automountServiceAccountToken: false },
  daemonSet(name, NAMESPACE, {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    priorityClassName: "system-node-critical",
    hostNetwork: true,
    hostPID: true,
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ operator: "Exists" }],
    containers: [
      {
        name,
        image,
        args: [
          `--web.listen-address=:${NODE_EXPORTER_PORT}`,
          "--path.rootfs=/host/root",
          "--path.procfs=/host/root/proc",
          "--path.sysfs=/host/root/sys",
          "--no-collector.wifi",
          // Each pod has a device and mounts of its own, which cadvisor tells of.
          "--collector.netdev.device-exclude=^(veth|cali|lxc).*$",
          "--collector.netclass.ignored-devices=^(veth|cali|lxc).*$",
          "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/containerd/.+|var/lib/containerd/.+|var/lib/kubelet/pods/.+)($|/)",
        ],
        ports: [{ name: "web", containerPort: NODE_EXPORTER_PORT }],
        readinessProbe: { httpGet: { path: "/", port: "web" } },
        resources: { requests: { cpu: "20m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        securityContext: confined,
        volumeMounts: [{ name: "root", mountPath: "/host/root", readOnly: true, mountPropagation: "HostToContainer" }],
      },
    ],
    volumes: [{ name: "root", hostPath: { path: "/" } }],
  }),
];
