import type { Cluster } from "../../../config/schema.ts";
import { type AddonArgs, daemonSet, type KubernetesObject, labels } from "../../addon.ts";
import { deployment, disruptionBudget, overNodes, rolling, soonElsewhere, unprivileged } from "../../workloads.ts";

// What the controllers of an ingress have in common: where they answer, and on which nodes.

export type Settings = NonNullable<Cluster["addons"]["ingress"]>;
export type Args = AddonArgs<"controller", Settings>;

/**
 * The ports of an ingress. Behind a balancer a node hands a request to a pod of its own alone, and MetalLB picks a node that has one: so
 * the client's address is kept, and after a node's loss no request goes to the pod that died with it, which Kubernetes takes for ready until
 * the Node is NotReady. A balancer of the user's own asks any node, so every node answers.
 */
export function service(name: string, { settings, cluster }: Args): KubernetesObject {
  const { address, exposure, nodePorts } = settings;
  const isBalanced = exposure === "load-balancer";
  const isMetal = cluster.addons.metallb !== undefined;
  const annotations = {
    ...(isBalanced && address !== undefined && { "metallb.io/loadBalancerIPs": address }),
    ...(isBalanced && !isMetal && cluster.traits.balancerAnnotations),
  };
  const port = (portName: "http" | "https", number: number) => ({
    ...{ name: portName, port: number, targetPort: portName },
    ...(exposure === "node-ports" && { nodePort: nodePorts[portName] }),
  });
  const types = { "load-balancer": "LoadBalancer", "node-ports": "NodePort", "host-ports": "ClusterIP" } as const;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: name, labels: labels(name), ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      type: types[exposure],
      ...(isBalanced && { externalTrafficPolicy: "Local", ...(isMetal && { allocateLoadBalancerNodePorts: false }) }),
      selector: { "k8s-app": name },
      ports: [port("http", 80), port("https", 443)],
    },
  };
}

/** The ports of the controller's container. */
export const containerPorts = ({ settings }: Args) =>
  Object.entries({ http: 80, https: 443 }).map(([name, containerPort]) => ({
    ...{ name, containerPort },
    ...(settings.exposure === "host-ports" && { hostPort: containerPort }),
  }));

/** Its resources, as the config has them. */
export const resources = ({ settings: { cpuRequest, memoryLimit, memoryRequest } }: Args) => ({
  requests: { cpu: cpuRequest, memory: memoryRequest },
  limits: { memory: memoryLimit },
});

/** Its pods: some, on nodes of their own, or with host ports one on each node. */
export function pods(
  name: string,
  args: Args,
  container: object,
  more: object,
  annotations: Record<string, string>,
): KubernetesObject[] {
  const { exposure, nodeSelector, replicas } = args.settings;
  const onEach = exposure === "host-ports";
  const podSpec = {
    serviceAccountName: name,
    priorityClassName: "system-cluster-critical",
    terminationGracePeriodSeconds: 60,
    // Any user may listen below 1024 there.
    securityContext: { ...unprivileged, sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] },
    nodeSelector: { "kubernetes.io/os": "linux", ...nodeSelector },
    ...(!onEach && { tolerations: soonElsewhere(), topologySpreadConstraints: overNodes(name, true) }),
    containers: [container],
    ...more,
  };
  if (onEach) return [daemonSet(name, name, podSpec, annotations)];
  return [disruptionBudget(name, name), deployment(name, name, { replicas, podSpec, annotations, strategy: rolling(1) })];
}

/** The namespace, where Pod Security would not let host ports in. Otherwise it is made for the add-on. */
export const hostPortsNamespace = (name: string, { settings }: Args): KubernetesObject[] =>
  settings.exposure === "host-ports"
    ? [
        {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
        },
      ]
    : [];

/** Its class, of Ingresses without one, too, if it is the default. */
export const ingressClass = (name: string, controller: string, { settings }: Args): KubernetesObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: {
    name,
    labels: labels(name),
    ...(settings.isDefault && { annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } }),
  },
  spec: { controller },
});
