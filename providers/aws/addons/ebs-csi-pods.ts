import { authorities, onControlPlanes, talksOnly } from "./cloud-pod.ts";

// The driver's pods, after the manifests of its release 1.64.

export interface DriverArgs {
  /** Name of the cluster. */
  cluster: string;
  region: string;
  /** Full names of the driver and of the CSI project's programs beside it. */
  images: Readonly<Record<"driver" | "provisioner" | "attacher" | "resizer" | "registrar" | "livenessProbe", string>>;
}

const kubelet = "/var/lib/kubelet";
const plugin = `${kubelet}/plugins/ebs.csi.aws.com`;
const socket = "/csi/csi.sock";
const shared = { name: "socket", mountPath: "/csi" };
const small = { requests: { cpu: "10m", memory: "40Mi" }, limits: { memory: "256Mi" } };
const nodeName = { name: "CSI_NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } };
const confined = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true };

/** Creates, attaches and grows volumes. It calls AWS's API, so it runs on control planes. */
export function controllerSpec(name: string, { cluster, region, images }: DriverArgs) {
  const port = 9808;
  const beside = (name: string, image: string, args: string[]) => ({
    name,
    image,
    args: [`--csi-address=${socket}`, "--leader-election=true", "--v=2", ...args],
    resources: small,
    securityContext: talksOnly,
    volumeMounts: [shared],
  });
  return {
    ...onControlPlanes,
    serviceAccountName: name,
    securityContext: { fsGroup: 65534 },
    containers: [
      {
        name: "driver",
        image: images.driver,
        args: ["controller", `--endpoint=unix://${socket}`, `--k8s-tag-cluster-id=${cluster}`, "--batching=true", "--v=2"],
        env: [nodeName, { name: "AWS_REGION", value: region }],
        ports: [{ name: "healthz", containerPort: port, hostPort: port, hostIP: "127.0.0.1", protocol: "TCP" }],
        livenessProbe: health(port, "127.0.0.1"),
        resources: small,
        securityContext: talksOnly,
        volumeMounts: [shared, authorities.mount],
      },
      beside("provisioner", images.provisioner, [
        "--feature-gates=Topology=true",
        "--extra-create-metadata",
        "--default-fstype=ext4",
        "--timeout=60s",
      ]),
      beside("attacher", images.attacher, ["--timeout=6m"]),
      beside("resizer", images.resizer, ["--timeout=60s", "--handle-volume-inuse-error=false"]),
      {
        name: "liveness-probe",
        image: images.livenessProbe,
        args: [`--csi-address=${socket}`, "--probe-timeout=60s", `--http-endpoint=127.0.0.1:${port}`],
        resources: small,
        securityContext: talksOnly,
        volumeMounts: [shared],
      },
    ],
    volumes: [{ name: "socket", emptyDir: {} }, authorities.volume],
  };
}

/** Formats and mounts volumes on its node. It reads the instance from its Node, once the cloud controller has written it there. */
export function nodeSpec(name: string, { images }: DriverArgs) {
  const region = { key: "topology.kubernetes.io/region", operator: "Exists" };
  return {
    serviceAccountName: name,
    priorityClassName: "system-node-critical",
    nodeSelector: { "kubernetes.io/os": "linux" },
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [region] }] } },
    },
    tolerations: [{ operator: "Exists" }],
    containers: [
      {
        name: "driver",
        image: images.driver,
        args: [
          "node",
          `--endpoint=unix://${socket}`,
          `--csi-mount-point-prefix=${kubelet}/plugins/kubernetes.io/csi/ebs.csi.aws.com/`,
          // Pods can't reach the metadata service.
          "--metadata-sources=kubernetes",
          // The root disk, and the disk of an etcd member.
          "--reserved-volume-attachments=2",
          "--v=2",
        ],
        env: [nodeName],
        ports: [{ name: "healthz", containerPort: 9808, protocol: "TCP" }],
        livenessProbe: health(9808),
        lifecycle: { preStop: { exec: { command: ["/bin/aws-ebs-csi-driver", "pre-stop-hook"] } } },
        resources: small,
        securityContext: { privileged: true, readOnlyRootFilesystem: true },
        volumeMounts: [
          { name: "kubelet", mountPath: kubelet, mountPropagation: "Bidirectional" },
          shared,
          { name: "devices", mountPath: "/dev" },
        ],
      },
      {
        name: "registrar",
        image: images.registrar,
        args: [`--csi-address=${socket}`, `--kubelet-registration-path=${plugin}/csi.sock`, "--v=2"],
        resources: small,
        securityContext: confined,
        volumeMounts: [shared, { name: "registration", mountPath: "/registration" }],
      },
      {
        name: "liveness-probe",
        image: images.livenessProbe,
        args: [`--csi-address=${socket}`],
        resources: small,
        securityContext: confined,
        volumeMounts: [shared],
      },
    ],
    volumes: [
      { name: "kubelet", hostPath: { path: kubelet, type: "Directory" } },
      { name: "socket", hostPath: { path: `${plugin}/`, type: "DirectoryOrCreate" } },
      { name: "registration", hostPath: { path: `${kubelet}/plugins_registry/`, type: "Directory" } },
      { name: "devices", hostPath: { path: "/dev", type: "Directory" } },
    ],
  };
}

const health = (port: number, host?: string) => ({
  httpGet: { path: "/healthz", port, ...(host && { host }) },
  initialDelaySeconds: 10,
  timeoutSeconds: host ? 60 : 3,
  periodSeconds: 10,
  failureThreshold: host ? 10 : 5,
});
