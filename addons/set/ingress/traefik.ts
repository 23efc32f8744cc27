import { digest } from "../../../config/digest.ts";
import { type KubernetesObject, labels, serviceAccount, trusts } from "../../addon.ts";
import { addonImage } from "../../lock.ts";
import { restricted } from "../../workloads.ts";
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

const name = "traefik";
const namespace = name;

/** The standard kinds of the Gateway API. They are cluster-wide: with them go all Gateways and routes. */
export const gatewayApi: SetAddon<never, true> = {
  name: "gateway-api",
  key: "ingress",
  namespace,
  order: 15,
  settings: ({ addons: { ingress } }) => (ingress?.controller === "traefik" && ingress.gatewayApi ? true : undefined),
  images: () => ({}),
  manifests: ["gateway-api"],
  objects: () => [],
};

/** Traefik as the ingress: Ingresses, and the Gateway API. Its own kinds and its web page are left out. */
export const traefik: SetAddon<"controller", Settings> = {
  name,
  key: "ingress",
  namespace,
  order: 20,
  settings: ({ addons: { ingress } }) => (ingress?.controller === "traefik" ? ingress : undefined),
  images: (versions) => ({ controller: addonImage("traefik", versions) }),
  preload: "nodes",
  objects: (args) => [
    ...hostPortsNamespace(name, args),
    ...serviceAccount(name, namespace, "ha-kubernetes:traefik", rules(args)),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace, labels: labels(name) },
      data: { "routing.yaml": dynamic },
    },
    ...pods(name, args, container(args), volumes, {
      "ha-kubernetes/configuration": digest(dynamic),
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "9100",
      ...trusts(args.cluster),
    }),
    service(name, args),
    ingressClass(name, "traefik.io/ingress-controller", args),
    ...(args.settings.gatewayApi ? gateway : []),
  ],
};

const read = ["get", "list", "watch"];
const routes = [
  "gatewayclasses",
  "gateways",
  "httproutes",
  "grpcroutes",
  "tcproutes",
  "tlsroutes",
  "referencegrants",
  "backendtlspolicies",
];

const rules = ({ settings }: Args) => [
  { apiGroups: [""], resources: ["services", "secrets", "configmaps", "nodes", "namespaces"], verbs: read },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "ingressclasses"], verbs: read },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
  ...(settings.gatewayApi
    ? [
        { apiGroups: ["gateway.networking.k8s.io"], resources: routes, verbs: read },
        { apiGroups: ["gateway.networking.k8s.io"], resources: routes.map((it) => `${it}/status`), verbs: ["update"] },
      ]
    : []),
];

/**
 * A request whose pod can't be connected to goes to another pod, five times at most: a pod that died with its node stays among a Service's until
 * the Node is NotReady. What a pod has begun to read is never sent again.
 */
const dynamic = JSON.stringify({ http: { middlewares: { retry: { retry: { attempts: 6 } } } } });

const entryPoint = (entry: string, port: number) => [
  `--entrypoints.${entry}.address=:${port}/tcp`,
  `--entrypoints.${entry}.http.middlewares=retry@file`,
  // Requests come for a moment after this pod has been told to stop.
  `--entrypoints.${entry}.transport.lifecycle.requestacceptgracetimeout=5s`,
  `--entrypoints.${entry}.transport.lifecycle.gracetimeout=30s`,
];

function container(args: Args) {
  const { exposure, gatewayApi } = args.settings;
  const isBalanced = exposure === "load-balancer";
  return {
    name,
    image: args.images.controller,
    args: [
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      ...entryPoint("web", 80),
      ...entryPoint("websecure", 443),
      "--entrypoints.websecure.http.tls=true",
      "--entrypoints.traefik.address=:8080/tcp",
      "--entrypoints.metrics.address=:9100/tcp",
      "--ping=true",
      "--metrics.prometheus=true",
      "--metrics.prometheus.entrypoint=metrics",
      "--serverstransport.forwardingtimeouts.dialtimeout=500ms",
      // Not below /etc/traefik, where Traefik takes a file for its own settings.
      "--providers.file.filename=/etc/traefik-routing/routing.yaml",
      "--providers.kubernetesingress=true",
      "--providers.kubernetesingress.ingressclass=traefik",
      ...(isBalanced ? [`--providers.kubernetesingress.ingressendpoint.publishedservice=${namespace}/${name}`] : []),
      ...(gatewayApi ? ["--providers.kubernetesgateway=true"] : []),
      ...(gatewayApi && isBalanced
        ? [
            `--providers.kubernetesgateway.statusaddress.service.namespace=${namespace}`,
            `--providers.kubernetesgateway.statusaddress.service.name=${name}`,
          ]
        : []),
    ],
    ports: [...containerPorts(args), { name: "ping", containerPort: 8080 }, { name: "metrics", containerPort: 9100 }],
    resources: resources(args),
    readinessProbe: { httpGet: { path: "/ping", port: "ping" }, periodSeconds: 2, failureThreshold: 1 },
    livenessProbe: { httpGet: { path: "/ping", port: "ping" }, initialDelaySeconds: 10, periodSeconds: 10 },
    securityContext: restricted,
    volumeMounts: [{ name: "configuration", mountPath: "/etc/traefik-routing", readOnly: true }],
  };
}

const volumes = { volumes: [{ name: "configuration", configMap: { name } }] };

const gateway: readonly KubernetesObject[] = [
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name, labels: labels(name) },
    spec: { controllerName: "traefik.io/gateway-controller" },
  },
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace, labels: labels(name) },
    spec: {
      gatewayClassName: name,
      listeners: [{ name: "http", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } }],
    },
  },
];
