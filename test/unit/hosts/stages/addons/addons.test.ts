import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import type { Addon, KubernetesObject } from "../../../../../addons/addon.ts";
import { bundleOptions } from "../../../../../addons/bundle-options.ts";
import { lockedImage } from "../../../../../artifacts/images.ts";
import { resolveVersions } from "../../../../../artifacts/lock.ts";
import { addonsStage } from "../../../../../hosts/stages/addons/addons.ts";
import { must } from "../../../../harness/process.ts";
import { clusterFrom, labCluster } from "../../../../harness/samples.ts";
import { scratch } from "../../../../harness/scratch.ts";

function stage(config: Record<string, unknown> = {}, providerAddons: Addon[] = []) {
  const cluster = clusterFrom({
    name: "unit",
    provider: "lab",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.79.0.0/24"],
    api: { domainName: "api.unit.internal", address: "10.79.0.10" },
    ...config,
  });
  return addonsStage({
    host: "cp1",
    owner: "unit/1",
    cluster,
    address: "10.79.0.11",
    apiEndpoint: { port: 8443 },
    versions: resolveVersions(cluster).versions,
    providerAddons,
  });
}

function objectsOf({ inputs = {} }: ReturnType<typeof stage>): KubernetesObject[] {
  return Object.entries(inputs)
    .filter(([name]) => name.endsWith(".yaml"))
    .flatMap(([, text]) => parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject));
}

// biome-ignore lint/suspicious/noExplicitAny: manifests are read field by field
function find(objects: KubernetesObject[], kind: string, name: string): any {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  assert.equal(found.length, 1, `${found.length} objects ${kind} ${name}`);
  return found[0];
}

test("every object is referenced once, in the order it is applied", () => {
  const rendered = stage();
  const references = (rendered.inputs?.objects ?? "").trimEnd().split("\n");
  const expected = objectsOf(rendered).map(({ apiVersion, kind, metadata: { name, namespace } }) =>
    JSON.stringify({ apiVersion, kind, metadata: { ...(namespace && { namespace }), name } }),
  );
  assert.deepEqual(references, expected);
  assert.equal(new Set(references).size, references.length);
});

test("a namespace is applied before its content", () => {
  const objects = objectsOf(stage());
  const at = objects.findIndex((object) => object.kind === "Namespace" && object.metadata.name === "kube-flannel");
  const first = objects.findIndex((object) => object.metadata.namespace === "kube-flannel");
  assert.ok(at >= 0 && at < first);
});

test("kube-proxy: mode, pod network, and the API's one address with the account's own token", () => {
  for (const kubeProxyMode of ["nftables", "iptables", "ipvs"]) {
    const { data } = find(objectsOf(stage({ network: { kubeProxyMode, podCidr: "10.9.0.0/16" } })), "ConfigMap", "kube-proxy");
    const configuration = parse(data["config.conf"]);
    assert.equal(configuration.mode, kubeProxyMode);
    assert.equal(configuration.clusterCIDR, "10.9.0.0/16");
    assert.deepEqual(configuration.conntrack, { maxPerCore: 0, min: 0 });
    const kubeconfig = parse(data["kubeconfig.conf"]);
    assert.equal(kubeconfig.clusters[0].cluster.server, "https://api.unit.internal:8443");
    assert.ok(kubeconfig.users[0].user.tokenFile);
  }
});

test("a changed configuration rolls the pods that read it only once; an unchanged one does not", () => {
  const annotation = (config: Record<string, unknown>, name: string) =>
    find(objectsOf(stage(config)), "DaemonSet", name).spec.template.metadata.annotations["ha-kubernetes/configuration"];
  for (const name of ["kube-proxy", "flannel"]) {
    assert.equal(annotation({}, name), annotation({}, name));
    assert.notEqual(annotation({}, name), annotation({ network: { kubeProxyMode: "iptables" } }, name));
  }
});

test("when a move of the API begins, and when it ends, kube-proxy's pods are started again, and a beginning waits for them", () => {
  const configuration = (made: ReturnType<typeof stage>) => {
    const { spec } = find(objectsOf(made), "DaemonSet", "kube-proxy");
    return spec.template.metadata.annotations["ha-kubernetes/configuration"];
  };
  const api = { domainName: "api.unit.internal", address: "10.79.0.9" };
  const moving = stage({ api: { ...api, former: { address: "10.79.0.10" } } });
  assert.equal(new Set([stage(), moving].map(configuration)).size, 2);
  assert.equal(configuration(stage({ api })), configuration(stage()));
  assert.deepEqual(
    [stage(), moving].map(({ settings }) => settings?.AWAIT_PODS),
    [undefined, "yes"],
  );
});

test("flannel: its rules are where kube-proxy's are, and its interface is the node's own or the one named", () => {
  const nftables = (kubeProxyMode: string) =>
    JSON.parse(find(objectsOf(stage({ network: { kubeProxyMode } })), "ConfigMap", "flannel").data["net-conf.json"])
      .EnableNFTables;
  assert.equal(nftables("nftables"), true);
  assert.equal(nftables("iptables"), false);
  const args = (network: Record<string, unknown>) =>
    find(objectsOf(stage({ network })), "DaemonSet", "flannel").spec.template.spec.containers[0].args;
  assert.ok(args({}).includes("--iface=$(NODE_ADDRESS)"));
  assert.ok(args({ flannelInterface: "bond0" }).includes("--iface=bond0"));
});

test("with an interface of a host's own, flannel reads its name on every host, where an empty file means the node's address", async () => {
  const hosts = { w1: { address: "10.79.0.21", roles: ["worker"], pool: "general", flannelInterface: "bond1" } };
  const { spec } = find(objectsOf(stage({ hosts })), "DaemonSet", "flannel").spec.template;
  const [{ args, command, volumeMounts }] = spec.containers;
  const mounted = volumeMounts.find(({ name }: { name: string }) => name === "interface").mountPath;
  const folder = scratch();
  const script = command[2].replaceAll(mounted, folder).replace("exec /opt/bin/flanneld", "echo");
  const run = () => must(command[0], ["-c", script, ...command.slice(3), ...args], { env: { NODE_ADDRESS: "10.79.0.21" } });
  const begun = "--ip-masq --kube-subnet-mgr --iface=";
  assert.equal(await run(), `${begun}10.79.0.21\n`);
  writeFileSync(join(folder, "interface"), "");
  assert.equal(await run(), `${begun}10.79.0.21\n`);
  writeFileSync(join(folder, "interface"), "bond1\n");
  assert.equal(await run(), `${begun}bond1\n`);
});

test("flannel's backend follows its keys, and a network of the user's own has neither flannel nor kube-proxy", () => {
  const backend = (flannel: Record<string, unknown>) =>
    JSON.parse(find(objectsOf(stage({ network: { flannel } })), "ConfigMap", "flannel").data["net-conf.json"]).Backend;
  assert.deepEqual(backend({}), { Type: "vxlan" });
  assert.deepEqual(backend({ backend: "host-gw" }), { Type: "host-gw" });
  const tunnel = { port: 4789, mtu: 8950, directRouting: true };
  assert.deepEqual(backend(tunnel), { Type: "vxlan", Port: 4789, MTU: 8950, DirectRouting: true });
  assert.deepEqual(backend({ backend: "wireguard", port: 50000 }), { Type: "wireguard", ListenPort: 50000 });
  const own = objectsOf(stage({ network: { plugin: "none", kubeProxyMode: "none" } }));
  const names = own.filter(({ kind }) => kind === "DaemonSet" || kind === "Deployment").map(({ metadata }) => metadata.name);
  assert.deepEqual(names, ["coredns"]);
  assert.equal(stage({ network: { plugin: "none" } }).settings?.POD_NETWORK, "");
});

test("NetworkPolicies are enforced on every node where the config says so, and its hosts get the image first", () => {
  const objects = objectsOf(stage({ addons: { networkPolicies: true } }));
  const { spec } = find(objects, "DaemonSet", "kube-network-policies").spec.template;
  assert.match(spec.containers[0].image, /kube-network-policies:v\d/);
  assert.ok(spec.tolerations.some(({ operator }: { operator: string }) => operator === "Exists"));
  assert.ok(!objectsOf(stage()).some(({ metadata }) => metadata.name === "kube-network-policies"));
  const cluster = clusterFrom({ ...labCluster("prod", "10.0.0.0/24"), addons: { networkPolicies: true } });
  assert.deepEqual(bundleOptions(cluster), ["--lock addons/lock.json#kube-network-policies"]);
  assert.deepEqual(bundleOptions(clusterFrom(labCluster("prod", "10.0.0.0/24"))), []);
});

test("kube-proxy gets settings of ipvs in that mode only, and the addresses of NodePorts", () => {
  const proxy = (network: Record<string, unknown>) =>
    parse(find(objectsOf(stage({ network })), "ConfigMap", "kube-proxy").data["config.conf"]);
  const ipvs = { scheduler: "lc", strictArp: true };
  assert.deepEqual(proxy({ kubeProxyMode: "ipvs", ipvs }).ipvs, { scheduler: "lc", strictARP: true });
  assert.equal(proxy({ ipvs }).ipvs, undefined);
  assert.equal(proxy({}).nodePortAddresses, undefined);
  assert.deepEqual(proxy({ nodePortAddresses: ["10.77.0.0/24"] }).nodePortAddresses, ["10.77.0.0/24"]);
});

test("beside a balancer that is IPVS, too, kube-proxy leaves the API's addresses alone, and those that the config names", () => {
  const proxy = (over: object) =>
    parse(find(objectsOf(stage({ network: { kubeProxyMode: "ipvs" }, ...over })), "ConfigMap", "kube-proxy").data["config.conf"])
      .ipvs;
  const address = "10.79.0.10";
  assert.equal(proxy({}), undefined);
  assert.deepEqual(proxy({ balancer: { kind: "lvs" } }), { excludeCIDRs: [`${address}/32`] });
  const more = { kubeProxy: { extraConfig: { ipvs: { excludeCIDRs: ["10.9.0.0/24"], udpTimeout: "30s" } } } };
  assert.deepEqual(proxy({ balancer: { kind: "lvs" }, ...more }), {
    udpTimeout: "30s",
    excludeCIDRs: ["10.9.0.0/24", `${address}/32`],
  });
});

test("CoreDNS follows every key of its config", () => {
  const objects = objectsOf(
    stage({
      addons: { coredns: { replicas: 6, cacheSeconds: 10, maxConcurrent: 77, memoryLimitMebibytes: 512 } },
      network: { nameServers: ["192.0.2.1", "192.0.2.2"], serviceCidr: "10.50.0.0/16", dnsDomain: "c.internal" },
    }),
  );
  const { Corefile } = find(objects, "ConfigMap", "coredns").data;
  assert.match(Corefile, /forward \. 192\.0\.2\.1 192\.0\.2\.2 \{\n +max_concurrent 77\n/);
  assert.match(Corefile, /cache 10 \{\n +disable success c\.internal\n/);
  assert.match(Corefile, /kubernetes c\.internal in-addr\.arpa ip6\.arpa/);
  const deployment = find(objects, "Deployment", "coredns");
  assert.equal(deployment.spec.replicas, 6);
  assert.equal(deployment.spec.template.spec.containers[0].resources.limits.memory, "512Mi");
  assert.equal(find(objects, "Service", "kube-dns").spec.clusterIP, "10.50.0.10");
});

test("CoreDNS of a large cluster: sizes, zones, other domains' name servers, rules and blocks of the user's own", () => {
  const coredns = {
    ...{ cacheEntries: 20_000, cpuRequest: "200m", cpuLimit: "1", memoryRequestMebibytes: 400, memoryLimitMebibytes: 512 },
    spreadOverZones: true,
    stubDomains: { "corp.example.com": ["10.0.0.53", "fd00::53"] },
    rewrites: ["name exact a.example.com a.default.svc.cluster.local"],
    extraServerBlocks: [["example.org:53 {", "    whoami", "}"]],
  };
  const objects = objectsOf(stage({ addons: { coredns } }));
  const { Corefile } = find(objects, "ConfigMap", "coredns").data;
  assert.match(Corefile, /cache 30 \{\n +success 20000\n +denial 20000\n +disable success cluster\.local\n/);
  assert.match(Corefile, /^ {4}rewrite name exact a\.example\.com a\.default\.svc\.cluster\.local$/m);
  const stub = "    errors\n    cache 30\n    forward . 10.0.0.53 fd00::53 {\n        max_concurrent 1000\n    }\n    loop\n";
  assert.ok(Corefile.endsWith(`}\ncorp.example.com:53 {\n${stub}}\nexample.org:53 {\n    whoami\n}\n`), Corefile);
  const { containers, topologySpreadConstraints } = find(objects, "Deployment", "coredns").spec.template.spec;
  assert.deepEqual(containers[0].resources, {
    requests: { cpu: "200m", memory: "400Mi" },
    limits: { cpu: "1", memory: "512Mi" },
  });
  assert.deepEqual(
    topologySpreadConstraints.map(({ topologyKey }: { topologyKey: string }) => topologyKey),
    ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
  );
});

test("CoreDNS's pods wait for a second node, unless there is none to come", () => {
  const host = (last: number) => ({ address: `10.79.0.${last}`, roles: ["etcd", "balancer", "control-plane"] });
  const domains = (hosts: Record<string, unknown>) =>
    find(objectsOf(stage({ hosts })), "Deployment", "coredns").spec.template.spec.topologySpreadConstraints[0].minDomains;
  assert.equal(domains({ m1: host(11) }), 1);
  assert.equal(domains({ m1: host(11), m2: host(12), m3: host(13) }), 2);
});

test("no cache when it may keep nothing", () => {
  const { Corefile } = find(objectsOf(stage({ addons: { coredns: { cacheSeconds: 0 } } })), "ConfigMap", "coredns").data;
  assert.doesNotMatch(Corefile, /cache/);
  assert.match(Corefile, /forward \. \/etc\/resolv\.conf/);
});

test("an add-on that is switched off has no object, and no reference to be kept for", () => {
  const off = stage({ addons: { flannel: false, coredns: { enabled: false } } });
  assert.doesNotMatch(JSON.stringify(off.inputs), /kube-flannel|coredns/);
  assert.match(JSON.stringify(off.inputs), /kube-proxy/);
});

test("nodes may delete Nodes, which admission keeps to their own, and nothing more in the whole cluster", () => {
  const role = find(objectsOf(stage()), "ClusterRole", "ha-kubernetes:node-leaves");
  const granted = role.rules.flatMap(({ resources, verbs }: { resources: string[]; verbs: string[] }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );
  assert.deepEqual(granted.sort(), ["delete nodes"]);
});

test("where the leaving are noted is made without content, so applying it again erases nothing", () => {
  assert.equal("data" in find(objectsOf(stage()), "ConfigMap", "ha-kubernetes"), false);
});

test("a provider's add-ons are installed like the program's own, after them, and can be off", () => {
  const cloud: Addon<"agent", { zones: number }> = {
    name: "cloud",
    settings: ({ network }) => (network.kubeProxyMode === "iptables" ? undefined : { zones: 3 }),
    images: (versions) => ({ agent: lockedImage("pause", versions) }),
    objects: ({ settings, images }) => [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cloud" }, data: { ...settings, image: images.agent } },
    ],
  };
  const last = objectsOf(stage({}, [cloud])).at(-1);
  assert.deepEqual(last?.data, { zones: 3, image: "registry.k8s.io/pause:3.10.2" });
  const off = { network: { kubeProxyMode: "iptables" } };
  assert.deepEqual(stage(off, [cloud]), stage(off));
});

test("the same config gives the same bytes", () => assert.deepEqual(stage(), stage()));
