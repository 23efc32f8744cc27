import { lockedImage } from "../artifacts/images.ts";
import { listOf, ofFamily } from "../config/addresses.ts";
import { flannelPlace, hasFlannelInterfaces } from "../config/node-settings.ts";
import { podNetworkOf } from "../config/pod-network.ts";
import type { Cluster } from "../config/schema.ts";
import { type Addon, configuredDaemonSet, labels, nodeCritical, serviceAccount } from "./addon.ts";

const name = "flannel";
const namespace = "kube-flannel";

/** The pod network: a tunnel or routes between nodes. Host preparation installs the CNI plugins themselves on every node. */
export const flannel: Addon<"flannel", Cluster["network"]> = {
  name,
  namespace,
  settings: (cluster) => (podNetworkOf(cluster) ? cluster.network : undefined),
  images: (versions) => ({ flannel: lockedImage("flannel", versions) }),
  preload: "nodes",
  objects: ({ cluster, settings, images }) => {
    const data = { "net-conf.json": networkConfiguration(settings), "10-flannel.conflist": cniConfiguration() };
    return [
      {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace, labels: { ...labels(name), "pod-security.kubernetes.io/enforce": "privileged" } },
      },
      ...serviceAccount(name, namespace, "ha-kubernetes:flannel", [
        { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
      ]),
      // Routes stay in place while flannel restarts, so pods keep their connections.
      ...configuredDaemonSet(name, namespace, cluster, data, podSpec(settings, images.flannel, hasFlannelInterfaces(cluster))),
    ];
  },
};

/** The backend, as flannel's backends.md has it. A key that is left out has flannel's default. */
function backend({ backend: Type, port, mtu, directRouting }: Cluster["network"]["flannel"]) {
  const portKey = Type === "wireguard" ? "ListenPort" : "Port";
  return {
    Type,
    ...(port !== undefined && { [portKey]: port }),
    ...(mtu !== undefined && { MTU: mtu }),
    ...(directRouting && { DirectRouting: true }),
  };
}

function networkConfiguration({ kubeProxyMode, podCidr, flannel }: Cluster["network"]): string {
  // One packet filter on a node: flannel masquerades with the one that kube-proxy uses.
  const EnableNFTables = kubeProxyMode === "nftables";
  const ranges = listOf(podCidr);
  const [ipv4] = ofFamily(ranges, 4);
  const [ipv6] = ofFamily(ranges, 6);
  return json({
    ...(ipv4 === undefined ? { EnableIPv4: false } : { Network: ipv4 }),
    ...(ipv6 !== undefined && { EnableIPv6: true, IPv6Network: ipv6 }),
    EnableNFTables,
    Backend: backend(flannel),
  });
}

function cniConfiguration(): string {
  return json({
    name: "cbr0",
    // The newest version that every flannel CNI plugin in use understands.
    cniVersion: "0.3.1",
    plugins: [
      { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** Of two addresses, which come in one text, flannel finds its interface by that of IPv4. */
const BOTH = `ipv4=\${NODE_ADDRESS%,*} ipv6=\${NODE_ADDRESS#*,}
case $ipv4 in *:*) ipv4=$ipv6 ipv6=\${NODE_ADDRESS%,*} ;; esac
NODE_ADDRESS=$ipv4
set -- "$@" --public-ipv6="$ipv6"
`;

/** Takes the interface that the host names; every image of flannel has a shell. */
const BY_HOST = `interface=$NODE_ADDRESS
[ ! -s ${flannelPlace.file} ] || read -r interface <${flannelPlace.file}
exec /opt/bin/flanneld "$@" --iface="$interface"`;

/** flannel takes the interface with this address: the node's own address, never a virtual IP beside it. */
function command({ flannelInterface, podCidr }: Cluster["network"], byHost: boolean) {
  const args = ["--ip-masq", "--kube-subnet-mgr"];
  const both = listOf(podCidr).length > 1 ? BOTH : "";
  if (byHost) return { command: ["/bin/sh", "-c", both + BY_HOST, "flanneld"], args };
  if (both === "") return { command: ["/opt/bin/flanneld"], args: [...args, `--iface=${flannelInterface ?? "$(NODE_ADDRESS)"}`] };
  const script = `${both}exec /opt/bin/flanneld "$@" --iface=${flannelInterface ?? '"$NODE_ADDRESS"'}`;
  return { command: ["/bin/sh", "-c", script, "flanneld"], args };
}

function podSpec(network: Cluster["network"], image: string, byHost: boolean) {
  return {
    ...nodeCritical(name),
    initContainers: [
      {
        name: "cni-configuration",
        image,
        command: ["cp", "-f", "/etc/kube-flannel/10-flannel.conflist", "/etc/cni/net.d/10-flannel.conflist"],
        volumeMounts: [
          { name: "cni", mountPath: "/etc/cni/net.d" },
          { name: "configuration", mountPath: "/etc/kube-flannel" },
        ],
      },
    ],
    containers: [
      {
        name,
        image,
        ...command(network, byHost),
        env: [
          { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
          {
            name: "NODE_ADDRESS",
            valueFrom: { fieldRef: { fieldPath: listOf(network.podCidr).length > 1 ? "status.hostIPs" : "status.hostIP" } },
          },
        ],
        // The requests of flannel's own manifest.
        resources: { requests: { cpu: "100m", memory: "50Mi" } },
        securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
        volumeMounts: [
          { name: "run", mountPath: "/run/flannel" },
          { name: "configuration", mountPath: "/etc/kube-flannel" },
          { name: "xtables-lock", mountPath: "/run/xtables.lock" },
          ...(byHost ? [{ name: "interface", mountPath: flannelPlace.folder, readOnly: true }] : []),
        ],
      },
    ],
    volumes: [
      { name: "run", hostPath: { path: "/run/flannel", type: "DirectoryOrCreate" } },
      { name: "cni", hostPath: { path: "/etc/cni/net.d", type: "DirectoryOrCreate" } },
      { name: "configuration", configMap: { name } },
      { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
      ...(byHost ? [{ name: "interface", hostPath: { path: flannelPlace.folder, type: "DirectoryOrCreate" } }] : []),
    ],
  };
}
