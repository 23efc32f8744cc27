import { type KubernetesObject, labels, serviceAccount, trusts } from "../../addon.ts";
import { addonImage } from "../../lock.ts";
import { asUser, role, withRight } from "../../workloads.ts";
import type { SetAddon } from "../set-addon.ts";
import {
  type Args,
  containerPorts,
  hostPortsNamespace,
  ingressClass,
  pods,
  resources,
  type Settings,
  service,
} from "./service.ts";

const name = "ingress-nginx";
const namespace = name;

/**
 * ingress-nginx, for who has Ingresses with its annotations still: its project has retired it. No public Go module has its controller, so no
 * bundle builds it, and nodes pull its image. Its webhook is left out.
 */
export const nginx: SetAddon<"controller", Settings> = {
  name,
  key: "ingress",
  namespace,
  order: 20,
  settings: ({ addons: { ingress } }) => (ingress?.controller === "nginx" ? ingress : undefined),
  images: (versions) => ({ controller: addonImage(name, versions) }),
  objects: (args) => [
    ...hostPortsNamespace(name, args),
    ...access,
    // Where its settings are, see its own documentation. What somebody sets there stays.
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: labels(name) } },
    ...pods(name, args, container(args), { securityContext: asUser(101, 82) }, trusts(args.cluster)),
    service(name, args),
    ingressClass("nginx", "k8s.io/ingress-nginx", args),
  ],
};

const read = ["get", "list", "watch"];
const access: readonly KubernetesObject[] = [
  ...serviceAccount(name, namespace, "ha-kubernetes:ingress-nginx", [
    {
      apiGroups: [""],
      resources: ["configmaps", "endpoints", "namespaces", "nodes", "pods", "secrets", "services"],
      verbs: read,
    },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
    { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "ingressclasses"], verbs: read },
    { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
    { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
  ]),
  ...role(
    name,
    namespace,
    [name],
    [
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: [name], verbs: ["get", "update"] },
    ],
  ),
];

const container = (args: Args) => ({
  name: "controller",
  image: args.images.controller,
  args: [
    "/nginx-ingress-controller",
    `--election-id=${name}`,
    "--controller-class=k8s.io/ingress-nginx",
    "--ingress-class=nginx",
    `--configmap=${namespace}/${name}`,
    ...(args.settings.exposure === "load-balancer"
      ? [`--publish-service=${namespace}/${name}`]
      : ["--report-node-internal-ip-address"]),
  ],
  env: ["name", "namespace"].map((field) => ({
    name: `POD_${field.toUpperCase()}`,
    valueFrom: { fieldRef: { fieldPath: `metadata.${field}` } },
  })),
  ports: [...containerPorts(args), { name: "metrics", containerPort: 10254 }],
  resources: resources(args),
  readinessProbe: { httpGet: { path: "/healthz", port: "metrics" }, periodSeconds: 2, failureThreshold: 1 },
  livenessProbe: {
    httpGet: { path: "/healthz", port: "metrics" },
    initialDelaySeconds: 10,
    periodSeconds: 10,
    failureThreshold: 5,
  },
  // nginx has the capability in its file, and writes its configuration and what it keeps for a while.
  securityContext: { ...withRight("NET_BIND_SERVICE"), readOnlyRootFilesystem: false },
});
