import { lockedImage } from "../artifacts/images.ts";
import { dnsAddresses } from "../config/addresses.ts";
import type { Cluster } from "../config/schema.ts";
import { type Addon, type AddonArgs, labels, serviceAccount, trusts } from "./addon.ts";
import { withRight } from "./workloads.ts";

const name = "coredns";
const namespace = "kube-system";
// The label of the cluster's DNS, independent of the program that serves it.
const app = "kube-dns";

type Settings = Cluster["addons"]["coredns"];
type Args = AddonArgs<"coredns", Settings>;

/** Cluster DNS, at the 10th address of the Service network. */
export const coredns: Addon<"coredns", Settings> = {
  name,
  settings: ({ addons }) => (addons.coredns.enabled ? addons.coredns : undefined),
  images: (versions) => ({ coredns: lockedImage("coredns", versions) }),
  preload: "nodes",
  objects: (args) => [
    ...serviceAccount(name, namespace, "ha-kubernetes:coredns", [
      { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]),
    // The reload plugin picks up a changed Corefile: no restart.
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace, labels: labels(app) },
      data: { Corefile: corefile(args) },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace, labels: { ...labels(app), "kubernetes.io/name": "CoreDNS" } },
      spec: {
        ...serviceAddresses(args.cluster),
        selector: { "k8s-app": app },
        // Caches on nodes are endpoints, too: each pod asks the one beside it, and another one while that is not ready.
        ...(args.cluster.addons.nodeLocalDns && { trafficDistribution: "PreferSameNode" }),
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
          { name: "metrics", port: 9153, protocol: "TCP" },
        ],
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name, namespace, labels: labels(app) },
      // Caches on nodes lack the second of these labels.
      spec: { maxUnavailable: 1, selector: { matchLabels: labels(app) } },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace, labels: labels(app) },
      spec: {
        replicas: args.settings.replicas,
        selector: { matchLabels: { "k8s-app": app } },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
        template: { metadata: { labels: labels(app), annotations: trusts(args.cluster) }, spec: podSpec(args) },
      },
    },
  ],
};

/** Where a CoreDNS answers. */
export const dnsPorts = [
  { name: "dns", containerPort: 53, protocol: "UDP" },
  { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
  { name: "metrics", containerPort: 9153, protocol: "TCP" },
];

/** With dual stack pods may ask at either family's address. */
function serviceAddresses({ network }: Cluster): object {
  const clusterIPs = dnsAddresses(network.serviceCidr);
  const [clusterIP] = clusterIPs;
  return clusterIPs.length === 1 ? { clusterIP } : { clusterIP, clusterIPs, ipFamilyPolicy: "RequireDualStack" };
}

function corefile({ cluster, settings }: Args): string {
  const { cacheEntries, cacheSeconds, extraServerBlocks, maxConcurrent, rewrites, stubDomains } = settings;
  const { dnsDomain, nameServers } = cluster.network;
  // With dnsPolicy Default this file holds the node's own name servers, from its kubelet.
  const upstream = nameServers.length > 0 ? nameServers.join(" ") : "/etc/resolv.conf";
  // CoreDNS answers the cluster's own names from memory: a cache would only make them stale.
  const size = cacheEntries === undefined ? [] : [`    success ${cacheEntries}`, `    denial ${cacheEntries}`];
  const cache = [`cache ${cacheSeconds} {`, ...size, `    disable success ${dnsDomain}`, `    disable denial ${dnsDomain}`, "}"];
  const plugins = [
    "errors",
    // Every node learns that this pod stops before it does.
    "health {\n    lameduck 5s\n}",
    "ready",
    ...rewrites.map((rule) => `rewrite ${rule}`),
    `kubernetes ${dnsDomain} in-addr.arpa ip6.arpa {\n    pods insecure\n    fallthrough in-addr.arpa ip6.arpa\n    ttl 30\n}`,
    "prometheus :9153",
    `forward . ${upstream} {\n    max_concurrent ${maxConcurrent}\n}`,
    ...(cacheSeconds > 0 ? [cache.join("\n")] : []),
    "loop",
    "reload",
    "loadbalance",
  ];
  const stubs = Object.entries(stubDomains).map(([domain, servers]) => {
    const kept = cacheSeconds === 0 ? [] : [`cache ${cacheSeconds}`];
    return serverBlock(`${domain}:53`, [
      "errors",
      ...kept,
      `forward . ${servers.join(" ")} {\n    max_concurrent ${maxConcurrent}\n}`,
      "loop",
    ]);
  });
  return [serverBlock(".:53", plugins), ...stubs, ...extraServerBlocks.map((lines) => `${lines.join("\n")}\n`)].join("");
}

const serverBlock = (zone: string, plugins: readonly string[]) =>
  `${zone} {\n${plugins.join("\n").replaceAll(/^/gm, "    ")}\n}\n`;

/** As evenly as there are Nodes: a zone that is full or away stops no pod. */
const overZones = {
  topologyKey: "topology.kubernetes.io/zone",
  maxSkew: 1,
  whenUnsatisfiable: "ScheduleAnyway",
  nodeTaintsPolicy: "Honor",
  labelSelector: { matchLabels: { "k8s-app": app } },
  matchLabelKeys: ["pod-template-hash"],
};

function podSpec({ cluster, settings, images }: Args) {
  const limit = settings.memoryLimitMebibytes;
  return {
    serviceAccountName: name,
    priorityClassName: "system-cluster-critical",
    dnsPolicy: "Default",
    nodeSelector: { "kubernetes.io/os": "linux" },
    // DNS also works while the cluster has no workers yet.
    tolerations: [
      { key: "CriticalAddonsOnly", operator: "Exists" },
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    ],
    // On different nodes, and evenly. At birth one node may be ready before all others: then the second pod waits for the second node.
    topologySpreadConstraints: [
      {
        topologyKey: "kubernetes.io/hostname",
        maxSkew: 1,
        minDomains: Math.min(2, nodeCount(cluster)),
        whenUnsatisfiable: "DoNotSchedule",
        nodeTaintsPolicy: "Honor",
        labelSelector: { matchLabels: { "k8s-app": app } },
        matchLabelKeys: ["pod-template-hash"],
      },
      ...(settings.spreadOverZones ? [overZones] : []),
    ],
    containers: [
      {
        name,
        image: images.coredns,
        args: ["-conf", "/etc/coredns/Corefile"],
        resources: {
          requests: { cpu: settings.cpuRequest, memory: `${Math.min(settings.memoryRequestMebibytes, limit)}Mi` },
          limits: { ...(settings.cpuLimit !== undefined && { cpu: settings.cpuLimit }), memory: `${limit}Mi` },
        },
        ports: dnsPorts,
        livenessProbe: {
          httpGet: { path: "/health", port: 8080 },
          initialDelaySeconds: 60,
          timeoutSeconds: 5,
          failureThreshold: 5,
        },
        readinessProbe: { httpGet: { path: "/ready", port: 8181 } },
        securityContext: withRight("NET_BIND_SERVICE"),
        volumeMounts: [{ name: "configuration", mountPath: "/etc/coredns", readOnly: true }],
      },
    ],
    volumes: [{ name: "configuration", configMap: { name } }],
  };
}

/** The number of hosts that are nodes. A provider that creates its hosts creates at least two. */
function nodeCount({ hosts }: Cluster): number {
  const all = Object.values(hosts);
  return all.filter(({ roles }) => roles.includes("control-plane") || roles.includes("worker")).length || 2;
}
