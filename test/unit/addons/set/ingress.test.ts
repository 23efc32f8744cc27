import assert from "node:assert/strict";
import { test } from "node:test";
import { addonObjects } from "../../../../addons/addon.ts";
import { nginx } from "../../../../addons/set/ingress/nginx.ts";
import { gatewayApi, traefik } from "../../../../addons/set/ingress/traefik.ts";
import { resolveVersions } from "../../../../artifacts/lock.ts";
import { ports } from "../../../../config/ports.ts";
import { aws, clusterFrom, metal, type Written } from "../../../harness/samples.ts";

const metallb = { addresses: ["10.0.0.200-10.0.0.220"] };
const clusterWith = (ingress: Written | undefined, from = metal) =>
  clusterFrom({ ...from(), addons: { ...(from === metal && { metallb }), ...(ingress && { ingress }) } });

function objectsOf(ingress: Written | undefined, { from = metal, addon = traefik } = {}): Written[] {
  const cluster = clusterWith(ingress, from);
  const { versions } = resolveVersions(cluster);
  return addonObjects(addon, { cluster, versions, apiUrl: "https://api:8443" }) ?? [];
}
const one = (objects: readonly Written[], kind: string): Written => objects.find((it) => it.kind === kind) as Written;
const kinds = (objects: readonly Written[]) => objects.map(({ kind }) => kind as string);

test("nothing is installed unless the config asks for it, and one controller of the two", () => {
  for (const addon of [traefik, nginx]) assert.deepEqual(objectsOf(undefined, { addon }), []);
  assert.deepEqual(objectsOf({ controller: "nginx" }), []);
  assert.deepEqual(objectsOf({}, { addon: nginx }), []);
});

const local = { type: "LoadBalancer", externalTrafficPolicy: "Local" };
const services: readonly { title: string; ingress: Written; from?: typeof metal; spec: Written; annotations?: Written }[] = [
  {
    title: "at an address of MetalLB",
    ingress: { address: "10.0.0.201" },
    spec: { ...local, allocateLoadBalancerNodePorts: false },
    annotations: { "metallb.io/loadBalancerIPs": "10.0.0.201" },
  },
  {
    title: "at a balancer of the cloud's",
    ingress: {},
    from: aws,
    spec: local,
    annotations: { "service.beta.kubernetes.io/aws-load-balancer-type": "nlb" },
  },
  { title: "at ports of every node", ingress: { exposure: "node-ports" }, spec: { type: "NodePort" } },
  { title: "at ports of the pods' nodes", ingress: { exposure: "host-ports" }, spec: { type: "ClusterIP" } },
];
for (const { title, ingress, from = metal, spec, annotations } of services) {
  test(`an ingress answers ${title}`, () => {
    const service = one(objectsOf(ingress, { from }), "Service");
    const { selector, ports: answered, ...rest } = service.spec;
    assert.deepEqual(rest, spec);
    assert.deepEqual(service.metadata.annotations, annotations);
    const nodePorts = answered.map(({ nodePort }: Written) => nodePort);
    assert.deepEqual(nodePorts, ingress.exposure === "node-ports" ? [30080, 30443] : [undefined, undefined]);
    const template = one(objectsOf(ingress, { from }), ingress.exposure === "host-ports" ? "DaemonSet" : "Deployment").spec
      .template;
    assert.deepEqual(template.metadata.labels["k8s-app"], selector["k8s-app"]);
  });
}

test("host ports have a pod on each node, which Pod Security lets in, and the firewall opens them", () => {
  const objects = objectsOf({ exposure: "host-ports", nodeSelector: { edge: "yes" } });
  assert.equal(one(objects, "Namespace").metadata.labels["pod-security.kubernetes.io/enforce"], "privileged");
  const { spec } = one(objects, "DaemonSet").spec.template;
  assert.equal(spec.nodeSelector.edge, "yes");
  assert.deepEqual(spec.containers[0].ports.map(({ hostPort }: Written) => hostPort).filter(Boolean), [80, 443]);
  const open = (ingress: Written) =>
    ports(["worker"], clusterWith(ingress))
      .filter(({ source }) => source === "anyone")
      .map(({ number }) => number);
  assert.deepEqual(open({ exposure: "host-ports" }), [80, 443]);
  assert.deepEqual(open({}), []);
});

test("the Gateway API comes with its kinds, a class and a Gateway, and goes with its switch", () => {
  const gateway = (ingress: Written) => kinds(objectsOf(ingress)).filter((kind) => kind.startsWith("Gateway"));
  assert.deepEqual(gateway({}), ["GatewayClass", "Gateway"]);
  assert.deepEqual(gateway({ gatewayApi: false }), []);
  assert.equal(gatewayApi.settings(clusterWith({})), true);
  for (const without of [undefined, { gatewayApi: false }, { controller: "nginx" }])
    assert.equal(gatewayApi.settings(clusterWith(without)), undefined);
  const text = (ingress: Written) => JSON.stringify(objectsOf(ingress));
  assert.match(text({}), /kubernetesgateway/);
  assert.doesNotMatch(text({ gatewayApi: false }), /gateway/);
});

for (const addon of [traefik, nginx]) {
  test(`${addon.name} has two pods on nodes of their own, without rights, and drains take one at a time`, () => {
    const objects = objectsOf({ controller: addon.name === "traefik" ? "traefik" : "nginx" }, { addon });
    const { replicas, template } = one(objects, "Deployment").spec;
    assert.equal(replicas, 2);
    assert.equal(template.spec.topologySpreadConstraints[0].whenUnsatisfiable, "DoNotSchedule");
    assert.equal(one(objects, "PodDisruptionBudget").spec.maxUnavailable, 1);
    const [container] = template.spec.containers;
    assert.deepEqual(container.securityContext.capabilities.drop, ["ALL"]);
    assert.equal(template.spec.securityContext.runAsNonRoot, true);
    assert.equal(container.resources.limits.memory, "512Mi");
    assert.equal(one(objects, "IngressClass").metadata.annotations["ingressclass.kubernetes.io/is-default-class"], "true");
  });
}
