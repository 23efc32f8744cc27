import type { Cluster } from "../../config/schema.ts";
import { type AddonArgs, type KubernetesObject, labels, serviceAccount, trusts } from "../addon.ts";
import { addonImage } from "../lock.ts";
import { deployment, disruptionBudget, overNodes, restricted, role, rolling, soonElsewhere, unprivileged } from "../workloads.ts";
import type { SetAddon } from "./set-addon.ts";

type Settings = NonNullable<Cluster["addons"]["certManager"]>;
type Image = "controller" | "webhook" | "cainjector" | "acmesolver";
type Args = AddonArgs<Image, Settings>;

const namespace = "cert-manager";
const controller = "cert-manager";
const webhook = "cert-manager-webhook";
const injector = "cert-manager-cainjector";
/** The webhook makes its authority in this Secret, from which the injector brings it to the API. */
const authority = `${webhook}-ca`;

/**
 * cert-manager: a controller that makes and renews certificates, a webhook that says no to objects that can't be, and an injector that makes
 * the API trust the webhook. No public Go module has their commands, so no bundle builds them, and nodes pull their images.
 */
export const certManager: SetAddon<Image, Settings> = {
  name: "cert-manager",
  namespace,
  order: 30,
  settings: ({ addons }) => addons.certManager,
  images: (versions) => ({
    controller: addonImage("cert-manager-controller", versions),
    webhook: addonImage("cert-manager-webhook", versions),
    cainjector: addonImage("cert-manager-cainjector", versions),
    acmesolver: addonImage("cert-manager-acmesolver", versions),
  }),
  manifests: ["cert-manager-crds"],
  objects: (args) => [
    ...access,
    // Empty here: so it goes with the add-on, and what the webhook writes stays until then.
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        ...{ name: authority, namespace, labels: labels(webhook) },
        annotations: { "cert-manager.io/allow-direct-injection": "true" },
      },
    },
    ...part(args, controller, args.images.controller, controllerPod(args)),
    ...part(args, injector, args.images.cainjector, injectorPod),
    ...part(args, webhook, args.images.webhook, webhookPod),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: webhook, namespace, labels: labels(webhook) },
      spec: { selector: { "k8s-app": webhook }, ports: [{ name: "https", port: 443, targetPort: "https" }] },
    },
    configuration("ValidatingWebhookConfiguration", "/validate", {
      apiGroups: ["cert-manager.io", "acme.cert-manager.io"],
      operations: ["CREATE", "UPDATE"],
      resources: ["*/*"],
    }),
    configuration("MutatingWebhookConfiguration", "/mutate", {
      apiGroups: ["cert-manager.io"],
      operations: ["CREATE"],
      resources: ["certificaterequests"],
    }),
  ],
};

const read = ["get", "list", "watch"];
const change = ["update", "patch"];
const rule = (apiGroup: string, resources: readonly string[], verbs: readonly string[], more: object = {}) => ({
  ...{ apiGroups: [apiGroup], resources, verbs },
  ...more,
});
const own = ["certificates", "certificaterequests", "issuers", "clusterissuers"];
const acme = ["orders", "challenges"];
const withParts = (resources: readonly string[], part: string) => resources.map((it) => `${it}/${part}`);
const events = rule("", ["events"], ["create", "patch"]);

/** Its own objects, the Secrets that certificates are in, and what ACME's challenges need: pods, Services, Ingresses and routes. */
const controllerRules = [
  rule("cert-manager.io", own, [...read, ...change]),
  rule("cert-manager.io", ["certificates", "certificaterequests"], ["create", "delete"]),
  rule("cert-manager.io", [...withParts(own, "status"), ...withParts(own, "finalizers")], change),
  rule("cert-manager.io", ["signers"], ["approve"], {
    resourceNames: ["issuers.cert-manager.io/*", "clusterissuers.cert-manager.io/*"],
  }),
  rule("acme.cert-manager.io", acme, [...read, ...change, "create", "delete"]),
  rule("acme.cert-manager.io", [...withParts(acme, "status"), ...withParts(acme, "finalizers")], change),
  rule("", ["secrets"], [...read, ...change, "create", "delete"]),
  rule("", ["pods", "services"], [...read, "create", "delete"]),
  rule("networking.k8s.io", ["ingresses"], [...read, "create", "update", "delete"]),
  rule("networking.k8s.io", ["ingresses/finalizers"], ["update"]),
  rule("gateway.networking.k8s.io", ["httproutes"], [...read, "create", "update", "delete"]),
  rule("gateway.networking.k8s.io", ["gateways", "listenersets"], read),
  rule("gateway.networking.k8s.io", withParts(["gateways", "httproutes", "listenersets"], "finalizers"), ["update"]),
  rule("certificates.k8s.io", ["certificatesigningrequests"], [...read, "update"]),
  rule("certificates.k8s.io", ["certificatesigningrequests/status"], change),
  rule("certificates.k8s.io", ["signers"], ["sign"], {
    resourceNames: ["issuers.cert-manager.io/*", "clusterissuers.cert-manager.io/*"],
  }),
  rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
  events,
];

const injectorRules = [
  rule("cert-manager.io", ["certificates"], read),
  rule("", ["secrets"], read),
  rule(
    "admissionregistration.k8s.io",
    ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
    [...read, ...change],
  ),
  rule("apiregistration.k8s.io", ["apiservices"], [...read, ...change]),
  rule("apiextensions.k8s.io", ["customresourcedefinitions"], [...read, ...change]),
  events,
];

const leases = (...names: string[]) => [
  rule("coordination.k8s.io", ["leases"], ["create"]),
  rule("coordination.k8s.io", ["leases"], ["get", ...change], { resourceNames: names }),
];

const access: readonly KubernetesObject[] = [
  ...serviceAccount(controller, namespace, "ha-kubernetes:cert-manager", controllerRules),
  ...role(controller, namespace, [controller], leases("cert-manager-controller")),
  ...serviceAccount(injector, namespace, "ha-kubernetes:cert-manager-cainjector", injectorRules),
  ...role(injector, namespace, [injector], leases(`${injector}-leader-election`, `${injector}-leader-election-core`)),
  ...serviceAccount(webhook, namespace, "ha-kubernetes:cert-manager-webhook", [
    rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
  ]),
  ...role(
    webhook,
    namespace,
    [webhook],
    [
      rule("", ["secrets"], ["create"]),
      rule("", ["secrets"], ["update"], { resourceNames: [authority] }),
      rule("", ["secrets"], read),
    ],
  ),
];

interface Pod {
  args: readonly string[];
  ports: readonly object[];
  probes?: object;
}

/** The pods of a part, spread over nodes; one of them leads, or all answer. */
function part({ cluster, settings }: Args, name: string, image: string, { args, ports, probes }: Pod): KubernetesObject[] {
  const podSpec = {
    serviceAccountName: name,
    priorityClassName: "system-cluster-critical",
    securityContext: unprivileged,
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: soonElsewhere(),
    topologySpreadConstraints: overNodes(name),
    enableServiceLinks: false,
    containers: [
      {
        ...{ name, image, args, ports },
        env: [{ name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } }],
        // Kinds and Secrets of the whole cluster are in their memory.
        resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "512Mi" } },
        ...probes,
        securityContext: restricted,
      },
    ],
  };
  return [
    disruptionBudget(name, namespace),
    deployment(name, namespace, { replicas: settings.replicas, podSpec, annotations: trusts(cluster), strategy: rolling(1) }),
  ];
}

const metrics = { name: "metrics", containerPort: 9402 };

const controllerPod = ({ cluster: { addons }, images, settings }: Args): Pod => ({
  args: [
    "--v=2",
    "--cluster-resource-namespace=$(POD_NAMESPACE)",
    "--leader-election-namespace=$(POD_NAMESPACE)",
    `--acme-http01-solver-image=${images.acmesolver}`,
    "--max-concurrent-challenges=60",
    ...((settings.gatewayApi ?? (addons.ingress?.controller === "traefik" && addons.ingress.gatewayApi))
      ? ["--enable-gateway-api"]
      : []),
  ],
  ports: [metrics, { name: "healthz", containerPort: 9403 }],
  probes: {
    livenessProbe: {
      httpGet: { path: "/livez", port: "healthz" },
      initialDelaySeconds: 10,
      periodSeconds: 10,
      failureThreshold: 8,
    },
  },
});

const injectorPod: Pod = { args: ["--v=2", "--leader-election-namespace=$(POD_NAMESPACE)"], ports: [metrics] };

const webhookPod: Pod = {
  args: [
    "--v=2",
    "--secure-port=10250",
    "--dynamic-serving-ca-secret-namespace=$(POD_NAMESPACE)",
    `--dynamic-serving-ca-secret-name=${authority}`,
    ...[webhook, `${webhook}.${namespace}`, `${webhook}.${namespace}.svc`].map((name) => `--dynamic-serving-dns-names=${name}`),
  ],
  ports: [{ name: "https", containerPort: 10250 }, { name: "healthz", containerPort: 6080 }, metrics],
  probes: {
    readinessProbe: { httpGet: { path: "/healthz", port: "healthz" }, initialDelaySeconds: 5, periodSeconds: 5 },
    livenessProbe: { httpGet: { path: "/livez", port: "healthz" }, initialDelaySeconds: 60, periodSeconds: 10 },
  },
};

/** How the API asks the webhook about new objects. The injector adds the authority. */
const configuration = (kind: string, path: string, asked: object): KubernetesObject => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind,
  metadata: {
    name: webhook,
    labels: labels(webhook),
    annotations: { "cert-manager.io/inject-ca-from-secret": `${namespace}/${authority}` },
  },
  webhooks: [
    {
      name: "webhook.cert-manager.io",
      admissionReviewVersions: ["v1"],
      clientConfig: { service: { name: webhook, namespace, path } },
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      rules: [{ apiVersions: ["v1"], ...asked }],
      sideEffects: "None",
      timeoutSeconds: 30,
    },
  ],
});
