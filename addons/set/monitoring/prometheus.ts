import type { Monitoring } from "../../../config/schema/addons/monitoring.ts";
import { type KubernetesObject, serviceAccount } from "../../addon.ts";
import { restricted } from "../../workloads.ts";
import { disruption, MAIN, NAMESPACE, operated, operatedPods, service, versionOf } from "./common.ts";

const name = "prometheus";
const pods = { "app.kubernetes.io/name": name, [name]: MAIN };

/** How Prometheus shows who it is to what Kubernetes' own authority vouches for. The token is its service account's own and changes by the hour. */
export const KUBERNETES_CLASS = "kubernetes";
const ofServiceAccount = (file: string) => `/var/run/secrets/kubernetes.io/serviceaccount/${file}`;

export const prometheus = (image: string, cluster: string, settings: Monitoring): KubernetesObject[] => [
  ...serviceAccount(name, NAMESPACE, `ha-kubernetes:${name}`, [
    { apiGroups: [""], resources: ["nodes", "services", "endpoints", "pods"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
    { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
    { nonResourceURLs: ["/metrics"], verbs: ["get"] },
  ]),
  operated("Prometheus", MAIN, {
    ...everywhere("serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"),
    image,
    version: versionOf(image),
    replicas: settings.replicas,
    serviceAccountName: name,
    serviceDiscoveryRole: "EndpointSlice",
    externalLabels: { cluster },
    retention: `${settings.retentionDays}d`,
    ...(settings.storage && { storage: volume(settings.storage) }),
    scrapeClasses: [
      {
        name: KUBERNETES_CLASS,
        tlsConfig: { caFile: ofServiceAccount("ca.crt") },
        authorization: { type: "Bearer", credentialsFile: ofServiceAccount("token") },
      },
    ],
    alerting: { alertmanagers: [{ namespace: NAMESPACE, name: "alertmanager", port: "web", apiVersion: "v2" }] },
    ...operatedPods(pods),
    containers: [{ name, securityContext: restricted }],
    resources: {
      requests: { cpu: "100m", memory: `${settings.memoryRequestMebibytes}Mi` },
      limits: { memory: `${settings.memoryLimitMebibytes}Mi` },
    },
  }),
  ...disruption(name, settings.replicas, pods),
  service(name, 9090, pods),
];

/** All objects of these kinds, in every namespace. */
const everywhere = (...kinds: readonly string[]) =>
  Object.fromEntries(
    kinds.flatMap((kind) => [
      [`${kind}Selector`, {}],
      [`${kind}NamespaceSelector`, {}],
    ]),
  );

const volume = ({ sizeGibibytes, className }: NonNullable<Monitoring["storage"]>) => ({
  volumeClaimTemplate: {
    spec: {
      ...(className !== undefined && { storageClassName: className }),
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: `${sizeGibibytes}Gi` } },
    },
  },
});
