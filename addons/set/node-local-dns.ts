import { lockedImage } from "../../artifacts/images.ts";
import { listOf } from "../../config/addresses.ts";
import { digest } from "../../config/digest.ts";
import type { Cluster } from "../../config/schema.ts";
import { daemonSet, type KubernetesObject, labels } from "../addon.ts";
import { dnsPorts } from "../coredns.ts";
import { withRight } from "../workloads.ts";
import type { SetAddon } from "./set-addon.ts";

const name = "node-local-dns";
const namespace = "kube-system";
const upstream = "kube-dns-upstream";

type Settings = NonNullable<Cluster["addons"]["nodeLocalDns"]>;

/**
 * A DNS cache on every node. The caches are endpoints of the Service kube-dns, and that Service prefers endpoints on the client's own
 * node: pods ask the address that they know, of the cache beside them, and of another one while that is not ready. Neither kubelets nor
 * running pods change when it comes or goes, whatever program makes Services. The caches ask CoreDNS by a Service of their own.
 */
export const nodeLocalDns: SetAddon<"coredns", Settings> = {
  name,
  namespace,
  order: 10,
  settings: ({ addons }) => addons.nodeLocalDns,
  images: (versions) => ({ coredns: lockedImage("coredns", versions) }),
  preload: "nodes",
  objects: ({ cluster, settings, images }) => {
    const data = { Corefile: corefile(settings) };
    return [
      service(cluster),
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace }, automountServiceAccountToken: false },
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: labels(name) }, data },
      pods(images.coredns, settings, data),
    ];
  },
};

// The caches have the label of the cluster's DNS, and lack the one by which this Service knows CoreDNS' own pods.
const service = ({ network }: Cluster): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: upstream, namespace, labels: labels(name) },
  spec: {
    selector: labels("kube-dns"),
    ports: [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP" },
    ],
    ...(listOf(network.serviceCidr).length > 1 && { ipFamilyPolicy: "PreferDualStack" }),
  },
});

/** Everything goes to CoreDNS, which has the config's domains, blocks and rules: a cache changes how fast an answer comes, and no answer. */
const corefile = ({ cacheEntries, cacheSeconds }: Settings) => `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    cache ${cacheSeconds} {
        success ${cacheEntries}
        # A name that is new is found soon.
        denial ${cacheEntries} ${Math.min(5, cacheSeconds)}
        # A CoreDNS that could not be reached gave no answer to keep.
        servfail 0
    }
    # By TCP a lost packet is sent again at once, and no answer is cut.
    forward . {$KUBE_DNS_UPSTREAM_SERVICE_HOST} {
        force_tcp
    }
    prometheus :9153
    reload
}
`;

function pods(image: string, { memoryLimitMebibytes }: Settings, data: Record<string, string>): KubernetesObject {
  const app = { "ha-kubernetes/dns": "cache" };
  const made = daemonSet(name, namespace, podSpec(image, memoryLimitMebibytes), {
    "ha-kubernetes/configuration": digest(JSON.stringify(data)),
  });
  const spec = made.spec as { template: { metadata: object } };
  return {
    ...made,
    spec: {
      ...spec,
      selector: { matchLabels: app },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels: { "k8s-app": "kube-dns", ...app } } },
    },
  };
}

const podSpec = (image: string, memoryLimit: number) => ({
  serviceAccountName: name,
  priorityClassName: "system-node-critical",
  dnsPolicy: "Default",
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ operator: "Exists" }],
  securityContext: { seccompProfile: { type: "RuntimeDefault" } },
  containers: [
    {
      name: "cache",
      image,
      args: ["-conf", "/etc/coredns/Corefile"],
      resources: { requests: { cpu: "25m", memory: "20Mi" }, limits: { memory: `${memoryLimit}Mi` } },
      ports: dnsPorts,
      livenessProbe: {
        httpGet: { path: "/health", port: 8080 },
        initialDelaySeconds: 30,
        timeoutSeconds: 5,
        failureThreshold: 5,
      },
      // It says that it is ready whether CoreDNS can be reached or not. The node may have yet to learn of the Service for that.
      readinessProbe: { httpGet: { path: "/ready", port: 8181 }, initialDelaySeconds: 10, periodSeconds: 2 },
      securityContext: withRight("NET_BIND_SERVICE"),
      volumeMounts: [{ name: "configuration", mountPath: "/etc/coredns", readOnly: true }],
    },
  ],
  volumes: [{ name: "configuration", configMap: { name } }],
});
