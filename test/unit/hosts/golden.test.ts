import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import type { Cluster, Role } from "../../../config/schema.ts";
import type { Stage } from "../../../hosts/stage.ts";
import { balancerStage } from "../../../hosts/stages/balancer/balancer.ts";
import { controlPlaneStage } from "../../../hosts/stages/control-plane/control-plane.ts";
import { etcdStage } from "../../../hosts/stages/etcd/etcd.ts";
import { prepareStage } from "../../../hosts/stages/prepare/prepare.ts";
import { workerStage } from "../../../hosts/stages/worker/worker.ts";
import { golden } from "../../harness/golden.ts";
import { clusterFrom, known, metal, onBoth, onIpv6 } from "../../harness/samples.ts";
import { nodeLocal } from "../config/bad-balancers.ts";

// The files that decide how hosts behave, whole. A change of one of them restarts something on every host, so it must be meant.

const owner = "prod/0011aabb";
const members = [1, 2, 3].map((n) => ({ name: `m${n}`, address: `10.0.0.1${n}` }));
const [host = { name: "", address: "" }] = members;
const endpoint = { address: "10.0.0.10", port: 8443 };
const pair = { certificate: "CERTIFICATE\n", key: "KEY\n" };
const authority = { ...pair, trusted: pair.certificate };

type Own = { name: string; address: string; secondAddress?: string };
type Place = { address: string; secondAddress?: string; port: number };

/** The same cluster in other families. */
const inFamilies = (config: unknown): Cluster => {
  const parsed = parseCluster(config, known);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.cluster;
};

const clusterWith = (edit: (config: ReturnType<typeof metal>) => void = () => {}): Cluster => {
  const config = metal();
  // Written here, so that golden files show changes of the program alone.
  config.api = { domainName: "api.example.com", address: "10.0.0.10" };
  edit(config);
  const parsed = parseCluster(config, known);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.cluster;
};

/** A stage's files go to test/golden by these names. */
const compare = (stage: Stage, names: Readonly<Record<string, string>>) => {
  for (const [path, name] of Object.entries(names)) {
    const file = (stage.files ?? []).find((it) => it.path === path);
    golden(`hosts/${name}`, file?.content ?? "");
  }
};

/** What a host or the API has of addresses. */
const addressOf = (of: { address?: string | undefined; secondAddress?: string } | undefined) => ({
  address: of?.address ?? "",
  ...(of?.secondAddress !== undefined && { secondAddress: of.secondAddress }),
});

const prepared = (roles: readonly Role[], cluster: Cluster, own: Own = host) =>
  prepareStage({
    host: { ...own, roles },
    owner,
    cluster,
    apiAddress: cluster.api.address ?? "",
    artifactList: "",
    versions: { containerd: "2.3.4", runc: "1.4.3", cniPlugins: "1.9.1", pause: "3.10" },
  });

const controlPlane = (cluster: Cluster, own: Own = host, api: Place = endpoint) =>
  controlPlaneStage({
    host: own,
    owner,
    cluster,
    endpoint: api,
    etcdClientUrls: members.map(({ address }) => `https://${address}:2379`),
    controlPlanes: members.map(({ name }) => name),
    pki: {
      kubernetes: authority,
      frontProxy: authority,
      serviceAccount: { publicKeys: ["PUBLIC\n"], key: "KEY\n" },
      etcdAuthority: "CERTIFICATE\n",
      etcdClient: pair,
    },
    kubeletExtraArgs: {},
  });

const balancer = (cluster: Cluster, own: Own = host, others: readonly Own[] = members, api: Place = endpoint) =>
  balancerStage({
    host: own,
    owner,
    cluster,
    virtualIp: api.address,
    secondVirtualIp: api.secondAddress,
    controlPlanes: others,
    balancerAddresses: others.map(({ address }) => address),
    authorityPem: "CERTIFICATE\n",
    statisticsPassword: "password",
    routingPassword: "routers-password",
  });

test("an etcd member gets this unit, environment and timers", () => {
  const tls = { authority: "CERTIFICATE\n", ...pair };
  compare(
    etcdStage({ host, owner, cluster: clusterWith(), version: "3.6.14", tls, birth: { bootstrap: true, members }, restores: [] }),
    {
      "/etc/systemd/system/etcd.service": "etcd.service",
      "/etc/etcd/etcd.env": "etcd.env",
      "/etc/systemd/system/etcd-backup.service": "etcd-backup.service",
      "/etc/systemd/system/etcd-backup.timer": "etcd-backup.timer",
      "/etc/systemd/system/etcd-backup-drill.timer": "etcd-backup-drill.timer",
      "/etc/systemd/system/etcd-defragment.service": "etcd-defragment.service",
      "/etc/systemd/system/etcd-defragment.timer": "etcd-defragment.timer",
      "/etc/etcd-backup/settings.env": "etcd-backup-settings.env",
    },
  );
});

test("a control plane gets this kubelet, this kubeadm configuration and these patches", () => {
  compare(controlPlane(clusterWith()), {
    "/etc/systemd/system/kubelet.service": "control-plane-kubelet.service",
    "/var/lib/kubelet/config.yaml": "control-plane-kubelet-config.yaml",
    "/etc/kubernetes/kubeadm.yaml": "kubeadm.yaml",
    "/etc/kubernetes/patches/kube-apiserver+strategic.yaml": "kube-apiserver-patch.yaml",
    "/etc/kubernetes/bootstrap-rbac.yaml": "bootstrap-rbac.yaml",
  });
});

test("a control plane that is a worker has no taint but its own, in kubeadm's configuration and in the kubelet's", () => {
  const cluster = clusterWith((config) => {
    config.hosts.m1 = {
      ...config.hosts.m1,
      roles: ["etcd", "balancer", "control-plane", "worker"],
      taints: [{ key: "a", effect: "NoExecute" }],
    };
  });
  compare(controlPlane(cluster), {
    "/var/lib/kubelet/config.yaml": "every-role-kubelet-config.yaml",
    "/etc/kubernetes/kubeadm.yaml": "every-role-kubeadm.yaml",
  });
});

test("what the config says of the API and the kubelet shows in kubeadm's configuration and in the kubelet's", () => {
  const cluster = clusterWith((config) => {
    config.api.extraNames = ["api.example.org"];
    config.api.extraArgs = { "audit-log-maxage": "7" };
    config.api.former = { domainName: "old.example.com", address: "10.0.0.9", port: 7443 };
    config.certificates = { leafValidityHours: 2000, renewBeforeHours: 500 };
    config.artifacts = { imageRepository: "registry.example.com:5000/kubernetes" };
    config.kubelet = { maxPods: 50, systemReserved: { cpu: "200m", memory: "512Mi" } };
  });
  compare(controlPlane(cluster), {
    "/var/lib/kubelet/config.yaml": "control-plane-kubelet-config-with-settings.yaml",
    "/etc/kubernetes/kubeadm.yaml": "kubeadm-with-settings.yaml",
  });
});

test("a worker gets this kubelet", () => {
  const cluster = clusterWith((config) => {
    config.pools.general = { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }], labels: { disk: "fast" } };
  });
  const stage = workerStage({
    host: { name: "w1", address: "10.0.0.21", pool: "general", providerId: "aws:///zone/i-1" },
    owner,
    cluster,
    endpoint,
    authority: { certificate: "CERTIFICATE\n", trusted: "CERTIFICATE\n" },
    join: { credential: "CREDENTIAL\n" },
    kubeletExtraArgs: { "cloud-provider": "external" },
  });
  compare(stage, {
    "/etc/systemd/system/kubelet.service": "worker-kubelet.service",
    "/var/lib/kubelet/config.yaml": "worker-kubelet-config.yaml",
  });
  golden("hosts/worker-kubelet.conf", stage.inputs?.["kubelet.conf"] ?? "");
});

test("a balancer gets these configurations and drop-ins", () => {
  compare(balancer(clusterWith()), {
    "/etc/ha-kubernetes/haproxy.cfg": "haproxy.cfg",
    "/etc/ha-kubernetes/keepalived.conf": "keepalived.conf",
    "/etc/systemd/system/haproxy.service.d/ha-kubernetes.conf": "haproxy.service.d.conf",
    "/etc/systemd/system/keepalived.service.d/ha-kubernetes.conf": "keepalived.service.d.conf",
  });
});

test("a balancer of another kind, or with a routed address, gets these", () => {
  const made = (settings: { kind?: string; address?: string; [key: string]: unknown }) =>
    balancer(
      clusterWith((config) => {
        if (settings.address === "routed") config.api.address = "10.9.0.10";
        config.balancer = settings;
      }),
    );
  const routed = { protocol: "bgp", asn: 64512, peers: [{ address: "10.0.0.1", asn: 64513 }] };
  compare(made({ kind: "nginx", address: "routed", routed }), {
    "/etc/ha-kubernetes/nginx.conf": "nginx.conf",
    "/etc/systemd/system/nginx.service.d/ha-kubernetes.conf": "nginx.service.d.conf",
    "/etc/systemd/system/ha-kubernetes-upstreams.service": "ha-kubernetes-upstreams.service",
    "/etc/frr/frr.conf": "frr-bgp.conf",
    "/etc/frr/daemons": "frr-daemons",
    "/etc/systemd/system/ha-kubernetes-address.service": "ha-kubernetes-address.service",
  });
  compare(made({ kind: "lvs" }), {
    "/etc/systemd/system/ha-kubernetes-lvs.service": "ha-kubernetes-lvs.service",
    "/etc/systemd/system/ha-kubernetes-lvs-answers.service": "ha-kubernetes-lvs-answers.service",
  });
  compare(made({ address: "routed", routed: { protocol: "ospf" }, interface: "eth0" }), { "/etc/frr/frr.conf": "frr-ospf.conf" });
});

test("a node's own balancer answers on loopback only", () => {
  const cluster = clusterFrom(nodeLocal());
  compare(balancer(cluster), { "/etc/ha-kubernetes/haproxy.cfg": "haproxy-node-local.cfg" });
});

test("while the API moves, a balancer serves the former place, too", () => {
  const moving = clusterWith((config) => {
    config.api.former = { domainName: "old.example.com", address: "10.0.0.9", port: 7443 };
  });
  compare(balancer(moving), {
    "/etc/ha-kubernetes/haproxy.cfg": "haproxy-moving.cfg",
    "/etc/ha-kubernetes/keepalived.conf": "keepalived-moving.conf",
  });
});

test("a node gets this containerd, this firewall table and these names", () => {
  compare(prepared(["etcd", "balancer", "control-plane"], clusterWith()), {
    "/etc/containerd/config.toml": "containerd-config.toml",
    "/etc/systemd/system/containerd.service": "containerd.service",
    "/etc/ha-kubernetes/firewall.nft": "firewall-every-role.nft",
    "/etc/systemd/system/ha-kubernetes-firewall.service": "ha-kubernetes-firewall.service",
    "/etc/systemd/system/ha-kubernetes-hosts.service": "ha-kubernetes-hosts.service",
    "/etc/ha-kubernetes/hosts": "etc-hosts",
    "/etc/systemd/journald.conf.d/ha-kubernetes.conf": "journald.conf",
  });
});

test("each role has its own firewall table, and a registry with mirrors its own hosts.toml", () => {
  const cluster = clusterWith((config) => {
    config.etcd = { metrics: "nodes" };
    config.hosts.m3.lost = true;
    config.containerRuntime = {
      registryMirrors: { "docker.io": ["https://mirror.example.com/v2/hub", "https://other.example.com"] },
      insecureRegistries: ["other.example.com", "registry.internal:5000"],
    };
  });
  for (const role of ["etcd", "balancer", "control-plane", "worker"] as const) {
    compare(prepared([role], cluster), { "/etc/ha-kubernetes/firewall.nft": `firewall-${role}.nft` });
  }
  compare(prepared(["worker"], cluster), {
    "/etc/containerd/certs.d/docker.io/hosts.toml": "hosts-docker.io.toml",
    "/etc/containerd/certs.d/registry.internal:5000/hosts.toml": "hosts-registry.internal.toml",
  });
});

for (const [name, from] of [
  ["ipv6", onIpv6],
  ["dual-stack", onBoth],
] as const) {
  test(`${name}: a host with every role gets these addresses, ports and ranges`, () => {
    const cluster = inFamilies(from(metal() as Parameters<typeof onIpv6>[0]));
    const own = { name: "m1", ...addressOf(cluster.hosts.m1) };
    const api = { port: 8443, ...addressOf(cluster.api) };
    const others = ["m1", "m2", "m3"].map((member) => ({ name: member, ...addressOf(cluster.hosts[member]) }));
    const stages = [
      controlPlane(cluster, own, api),
      balancer(cluster, own, others, api),
      prepared(["etcd", "balancer", "control-plane"], cluster, own),
    ];
    const paths = {
      "/etc/kubernetes/kubeadm.yaml": "kubeadm.yaml",
      "/etc/systemd/system/kubelet.service": "control-plane-kubelet.service",
      "/etc/ha-kubernetes/haproxy.cfg": "haproxy.cfg",
      "/etc/ha-kubernetes/keepalived.conf": "keepalived.conf",
      "/etc/ha-kubernetes/firewall.nft": "firewall-every-role.nft",
      "/etc/ha-kubernetes/hosts": "etc-hosts",
    };
    for (const [path, file] of Object.entries(paths)) {
      const found = stages.flatMap(({ files = [] }) => files).find((it) => it.path === path);
      golden(`hosts/${name}/${file}`, found?.content ?? "");
    }
    golden(`hosts/${name}/sysctl`, stages[2]?.inputs?.sysctl ?? "");
  });
}
