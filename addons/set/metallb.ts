import type { Cluster } from "../../config/schema.ts";
import { type AddonArgs, daemonSet, type KubernetesObject, labels, nodeCritical, serviceAccount, trusts } from "../addon.ts";
import { addonImage } from "../lock.ts";
import { deployment, restricted, role, rolling, soonElsewhere, unprivileged, withRight } from "../workloads.ts";
import type { SetAddon } from "./set-addon.ts";

type Settings = NonNullable<Cluster["addons"]["metallb"]>;
type Args = AddonArgs<"controller" | "speaker", Settings>;

const namespace = "metallb-system";
const controller = "metallb-controller";
const speaker = "metallb-speaker";
/** The key by which speakers prove to each other who they are. The controller makes it in the cluster: no state holds it. */
const memberlist = "metallb-memberlist";

/**
 * MetalLB: one controller gives Services addresses, and a speaker on every node makes the network find them. Its webhook is left out: the
 * rules of the config say no to what it would, and one that does not answer would stop every change of a pool.
 */
export const metallb: SetAddon<"controller" | "speaker", Settings> = {
  name: "metallb",
  namespace,
  order: 10,
  settings: ({ addons }) => addons.metallb,
  images: (versions) => ({
    controller: addonImage("metallb-controller", versions),
    speaker: addonImage("metallb-speaker", versions),
  }),
  preload: "nodes",
  manifests: ["metallb-crds"],
  objects: (args) => [
    {
      apiVersion: "v1",
      kind: "Namespace",
      // Speakers are in the hosts' network.
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
    },
    ...access,
    deployment(controller, namespace, {
      podSpec: controllerPod(args),
      annotations: trusts(args.cluster),
      strategy: rolling(1),
    }),
    ...interfaces,
    daemonSet(speaker, namespace, speakerPod(args), trusts(args.cluster)),
    ...pool(args),
  ],
};

const read = ["get", "list", "watch"];
const own = (resources: readonly string[], verbs: readonly string[] = read) => ({ apiGroups: ["metallb.io"], resources, verbs });
const events = { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "update"] };
const settingsKinds = ["bfdprofiles", "bgpadvertisements", "bgppeers", "communities", "ipaddresspools", "l2advertisements"];
// Both watch these in all namespaces, and nothing happens where they may not.
const states = own(["configurationstates", "configurationstates/status"], ["*"]);

const access: readonly KubernetesObject[] = [
  ...serviceAccount(controller, namespace, "ha-kubernetes:metallb-controller", [
    { apiGroups: [""], resources: ["services", "namespaces", "nodes"], verbs: read },
    { apiGroups: [""], resources: ["services/status"], verbs: ["update", "patch"] },
    states,
    events,
  ]),
  ...serviceAccount(speaker, namespace, "ha-kubernetes:metallb-speaker", [
    { apiGroups: [""], resources: ["services", "endpoints", "nodes", "namespaces"], verbs: read },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
    own(["servicel2statuses", "servicel2statuses/status", "servicebgpstatuses", "servicebgpstatuses/status"], ["*"]),
    states,
    events,
  ]),
  ...role(
    "metallb",
    namespace,
    [controller, speaker],
    [{ apiGroups: [""], resources: ["pods", "secrets", "configmaps"], verbs: read }, own(settingsKinds)],
  ),
  ...role(
    controller,
    namespace,
    [controller],
    [
      { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
      { apiGroups: ["apps"], resources: ["deployments"], resourceNames: [controller], verbs: ["get"] },
      own(["ipaddresspools/status"], ["update", "patch"]),
    ],
  ),
];

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const probes = (host?: string) => {
  const at = (path: string) => ({ httpGet: { path, port: 17472, ...(host && { host }) }, periodSeconds: 10 });
  return {
    livenessProbe: { ...at("/healthz"), initialDelaySeconds: 10 },
    readinessProbe: { ...at("/readyz"), periodSeconds: 2 },
  };
};

// One: it has no leader. While it is away, addresses that Services have go on, and none is given.
const controllerPod = ({ images }: Args) => ({
  serviceAccountName: controller,
  priorityClassName: "system-cluster-critical",
  securityContext: unprivileged,
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: soonElsewhere(),
  terminationGracePeriodSeconds: 0,
  containers: [
    {
      name: "controller",
      image: images.controller,
      args: ["--port=9120", "--log-level=info", "--webhook-mode=disabled"],
      env: [
        field("METALLB_POD_NAME", "metadata.name"),
        field("METALLB_NAMESPACE", "metadata.namespace"),
        { name: "METALLB_DEPLOYMENT", value: controller },
        { name: "METALLB_ML_SECRET_NAME", value: memberlist },
      ],
      ports: [{ name: "metrics", containerPort: 9120 }],
      resources: { requests: { cpu: "20m", memory: "48Mi" }, limits: { memory: "256Mi" } },
      ...probes(),
      securityContext: restricted,
    },
  ],
});

/** Of interfaces that are pods' or containers' own nobody in the network asks for addresses. */
const passedBy = [
  "docker",
  "cbr",
  "br-",
  "dummy",
  "virbr",
  "lxc",
  "veth",
  "cali",
  "cilium",
  "tunl",
  "flannel",
  "kube-ipvs",
  "cni",
  "nodelocaldns",
];
const interfaces: readonly KubernetesObject[] = [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: speaker, namespace, labels: labels(speaker) },
    data: { "excludel2.yaml": JSON.stringify({ announcedInterfacesToExclude: ["^lo$", ...passedBy.map((it) => `^${it}.*`)] }) },
  },
];

const speakerPod = ({ cluster, images }: Args) => ({
  ...nodeCritical(speaker),
  terminationGracePeriodSeconds: 2,
  containers: [
    {
      name: "speaker",
      image: images.speaker,
      args: [
        "--port=9120",
        "--log-level=info",
        // kubeadm labels control planes so that balancers pass them by. Where they run pods, they answer for these.
        ...(runsOnControlPlanes(cluster) ? ["--ignore-exclude-lb"] : []),
      ],
      env: [
        field("METALLB_NODE_NAME", "spec.nodeName"),
        field("METALLB_POD_NAME", "metadata.name"),
        field("METALLB_NAMESPACE", "metadata.namespace"),
        field("METALLB_HOST", "status.hostIP"),
        field("METALLB_ML_BIND_ADDR", "status.podIP"),
        { name: "METALLB_ML_LABELS", value: `k8s-app=${speaker}` },
        { name: "METALLB_ML_SECRET_KEY_PATH", value: "/etc/ml_secret_key" },
      ],
      ports: [
        { name: "metrics", containerPort: 9120 },
        { name: "members-tcp", containerPort: 7946 },
        { name: "members-udp", containerPort: 7946, protocol: "UDP" },
      ],
      resources: { requests: { cpu: "20m", memory: "48Mi" }, limits: { memory: "256Mi" } },
      ...probes("127.0.0.1"),
      // It sends ARP and neighbor discovery itself.
      securityContext: withRight("NET_RAW"),
      volumeMounts: [
        { name: "memberlist", mountPath: "/etc/ml_secret_key", readOnly: true },
        { name: "interfaces", mountPath: "/etc/metallb", readOnly: true },
      ],
    },
  ],
  volumes: [
    { name: "memberlist", secret: { secretName: memberlist } },
    { name: "interfaces", configMap: { name: speaker } },
  ],
});

const runsOnControlPlanes = ({ hosts }: Cluster) =>
  Object.values(hosts).some(({ roles }) => roles.includes("control-plane") && roles.includes("worker"));

/** What the config says of addresses and routers. */
function pool({ settings }: Args): KubernetesObject[] {
  const { addresses, autoAssign, interfaces: named, mode, peers } = settings;
  const object = (kind: string, name: string, spec: object, apiVersion = "metallb.io/v1beta1"): KubernetesObject => ({
    ...{ apiVersion, kind, metadata: { name, namespace }, spec },
  });
  const name = "ha-kubernetes";
  const advertised = { ipAddressPools: [name] };
  return [
    // Some old routers and phones take .0 and .255 for a network's own.
    object("IPAddressPool", name, { addresses, autoAssign, avoidBuggyIPs: true }),
    ...(mode === "l2"
      ? [object("L2Advertisement", name, { ...advertised, ...(named.length > 0 && { interfaces: named }) })]
      : [
          ...peers.map(({ address, asn, holdTimeSeconds, ownAsn, passwordSecret, port }) =>
            object(
              "BGPPeer",
              `peer-${address.replace(/[.:]+/g, "-")}-${port}`,
              {
                ...{ peerAddress: address, peerASN: asn, peerPort: port, myASN: ownAsn, holdTime: `${holdTimeSeconds}s` },
                ...(passwordSecret && { passwordSecret: { name: passwordSecret, namespace } }),
              },
              "metallb.io/v1beta2",
            ),
          ),
          object("BGPAdvertisement", name, advertised),
        ]),
  ];
}
