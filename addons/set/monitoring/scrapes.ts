import { hostPort } from "../../../config/addresses.ts";
import { isNodeLocal } from "../../../config/api.ts";
import { SERVING_NAMES } from "../../../config/monitoring.ts";
import { HAPROXY_METRICS_PORT, HOST_METRICS_PORT, METRICS_PORT, NODE_EXPORTER_PORT } from "../../../config/ports.ts";
import type { Cluster, HostConfig, Role } from "../../../config/schema.ts";
import type { KubernetesObject } from "../../addon.ts";
import { NAMESPACE, operated } from "./common.ts";
import { KUBERNETES_CLASS } from "./prometheus.ts";

// Whom Prometheus asks. Hosts that are nodes it finds by the API; of others the config has the addresses. Each target has the label `host`.

/** A port that every host, or some hosts, answer at. */
interface OfHosts {
  port: number;
  /** Only hosts with this role. Default: all. */
  role?: Role;
  /** Only nodes; of role `control-plane` those with Kubernetes' own label. Default: also hosts that are none. */
  nodes?: boolean;
  path?: string;
  /** The name in the certificate of who answers over TLS; empty: its address. Default: plain HTTP. */
  tls?: string;
  drops?: string;
}

/** The scrapes of a cluster. */
export function scrapes(cluster: Cluster): KubernetesObject[] {
  const { balancer, addons } = cluster;
  const haproxy = balancer.kind === "haproxy" || isNodeLocal(cluster);
  const ofHosts: Record<string, OfHosts> = {
    hosts: { port: HOST_METRICS_PORT },
    etcd: { port: METRICS_PORT, role: "etcd" },
    ...(haproxy && {
      haproxy: { port: HAPROXY_METRICS_PORT, ...(isNodeLocal(cluster) ? { nodes: true } : { role: "balancer" as const }) },
    }),
    "controller-manager": { port: 10257, role: "control-plane", nodes: true, tls: SERVING_NAMES.controllerManager },
    scheduler: { port: 10259, role: "control-plane", nodes: true, tls: SERVING_NAMES.scheduler },
    kubelet: { port: 10250, nodes: true, tls: "" },
    // Most of its series are of no use by pod; these are half of them.
    cadvisor: {
      port: 10250,
      nodes: true,
      tls: "",
      path: "/metrics/cadvisor",
      drops: "container_(tasks_state|memory_failures_total|blkio_.*)",
    },
    ...(addons.monitoring.nodeExporter && { "node-exporter": { port: NODE_EXPORTER_PORT, nodes: true } }),
  };
  return [
    ...Object.entries(ofHosts).map(([name, about]) => scrape(name, hostTargets(cluster, about))),
    scrape("apiserver", {
      ...secured(""),
      kubernetesSDConfigs: [{ role: "EndpointSlice", namespaces: { names: ["default"] } }],
      relabelings: [
        keep("__meta_kubernetes_service_name", "kubernetes"),
        keep("__meta_kubernetes_endpointslice_port_name", "https"),
      ],
      // By request and object there are thousands, which no alert or dashboard here uses.
      metricRelabelings: [
        {
          sourceLabels: ["__name__"],
          regex: "apiserver_request_(body_size|sli_duration|slo_duration)_.*|etcd_request_duration_seconds_bucket",
          action: "drop",
        },
      ],
    }),
    ...(addons.coredns.enabled ? [scrape("coredns", ofPods("kube-system", "k8s-app", "kube-dns", "metrics"))] : []),
    ...["prometheus", "alertmanager"].map((name) => scrape(name, ofPods(NAMESPACE, "app.kubernetes.io/name", name, "web"))),
    scrape("prometheus-operator", ofPods(NAMESPACE, "k8s-app", "prometheus-operator", "web")),
    ...(addons.monitoring.kubeStateMetrics
      ? [
          scrape("kube-state-metrics", {
            ...ofPods(NAMESPACE, "k8s-app", "kube-state-metrics", "web"),
            // Its series have the labels of what they are about.
            honorLabels: true,
          }),
        ]
      : []),
  ];
}

const scrape = (name: string, spec: object) =>
  operated("ScrapeConfig", name, { jobName: name, scrapeInterval: "30s", ...spec }, "monitoring.coreos.com/v1alpha1");

const keep = (label: string, regex: string) => ({ sourceLabels: [label], regex, action: "keep" });
const secured = (serverName: string) => ({
  scheme: "HTTPS",
  scrapeClass: KUBERNETES_CLASS,
  ...(serverName !== "" && { tlsConfig: { serverName } }),
});
const escaped = (text: string) => text.replaceAll(".", "\\.");

const isNode = ({ roles }: HostConfig) => roles.includes("control-plane") || roles.includes("worker");

function hostTargets(cluster: Cluster, { port, role, nodes, path, tls, drops }: OfHosts): object {
  const wanted = Object.entries(cluster.hosts).filter(
    ([, { lost, roles }]) => !lost && (role === undefined || roles.includes(role)),
  );
  const others = nodes ? [] : wanted.filter(([, host]) => !isNode(host) && host.address !== undefined);
  const byLabel = nodes && role === "control-plane";
  const found = byLabel || role === undefined || wanted.some(([, host]) => isNode(host));
  const names = wanted.map(([name]) => escaped(name)).sort();
  return {
    ...(tls !== undefined && secured(tls)),
    ...(path !== undefined && { metricsPath: path }),
    ...(found && { kubernetesSDConfigs: [{ role: "Node" }] }),
    ...(others.length > 0 && {
      staticConfigs: others.map(([host, { address = "" }]) => ({ targets: [hostPort(address, port)], labels: { host } })),
    }),
    relabelings: [
      { sourceLabels: ["__meta_kubernetes_node_name"], regex: "(.+)", targetLabel: "host" },
      ...(byLabel ? [keep("__meta_kubernetes_node_labelpresent_node_role_kubernetes_io_control_plane", "true")] : []),
      ...(role !== undefined && !byLabel ? [keep("host", names.join("|"))] : []),
      { sourceLabels: ["__address__"], regex: "(.*):\\d+", targetLabel: "__address__", replacement: `$1:${port}` },
    ],
    ...(drops !== undefined && { metricRelabelings: [{ sourceLabels: ["__name__"], regex: drops, action: "drop" }] }),
  };
}

const ofPods = (namespace: string, label: string, value: string, port: string) => ({
  kubernetesSDConfigs: [
    { role: "Pod", namespaces: { names: [namespace] }, selectors: [{ role: "Pod", label: `${label}=${value}` }] },
  ],
  relabelings: [
    keep("__meta_kubernetes_pod_container_port_name", port),
    keep("__meta_kubernetes_pod_phase", "Running"),
    { sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "host" },
    { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "pod" },
  ],
});
