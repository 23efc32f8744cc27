import { clusterSchema } from "../../../config/schema.ts";
import { unwrapped } from "../../../config/shape.ts";
import { type Bad, bad, type Written } from "./samples.ts";

// Other tools' words, keys of other places, and what can't be seen.

const top =
  "name, provider, kubernetesVersion, versions, upgradePath, nodeCidrs, hosts, pools, api, balancer, etcd, network, certificates, kubelet, containerRuntime, hostPreparation, drain, addons, artifacts, ssh, lab, aws, repair, allow";
const ofHost =
  "address, roles, pool, architecture, connection, sshAddress, sshPort, sshUser, hostKey, dataDevice, lost, incarnation, aws";
const shape: Readonly<Record<string, Parameters<typeof unwrapped>[0]>> = clusterSchema.shape;
function keysOf(section: string): string {
  const { def } = unwrapped(shape[section] ?? clusterSchema)._zod;
  return def.type === "object" ? Object.keys(def.shape).join(", ") : "";
}
const ofSsh = "user, port, bastion, acceptAnyHostKey";
const secret =
  "no secret goes in here, where it is in clear: replace it, and store the new one by config set --secret sshPrivateKey or sshPassword";

const key = (path: string, edit: (c: Written) => void, meant: string, allowed: string) =>
  bad(`key ${path}`, edit, `cluster.${path} is not a key; did you mean ${meant}? | allowed: ${allowed}`);

const topKey = (name: string, meant: string) =>
  key(
    name,
    (c) => {
      c[name] = "x";
    },
    meant,
    top,
  );
const hostsKey = (name: string, meant: string) =>
  key(
    `hosts.w1.${name}`,
    (c) => {
      c.hosts.w1[name] = "x";
    },
    meant,
    ofHost,
  );

/** Each with its exact message. */
export const badWords: readonly Bad[] = [
  topKey("podCidr", "network.podCidr"),
  topKey("podSubnet", "network.podCidr"),
  topKey("pod_subnet", "network.podCidr"),
  topKey("vip", "api.address"),
  topKey("apiServer", "api"),
  topKey("maxPods", "kubelet.maxPods"),
  topKey("version", "kubernetesVersion"),
  hostsKey("ip", "address"),
  hostsKey("role", "roles"),
  hostsKey("labels", "pools.NAME.labels"),
  hostsKey("taints", "pools.NAME.taints"),
  key(
    "etcd.dataDevice",
    (c) => {
      c.etcd = { dataDevice: "/dev/sdb" };
    },
    "hosts.NAME.dataDevice",
    "dataDirectory, quotaMebibytes, defragmentation, metrics, heartbeatMilliseconds, electionMilliseconds, throwAway, backup, restoreFrom",
  ),
  key(
    "kubelet.containerLogMaxSize",
    (c) => {
      c.kubelet = { containerLogMaxSize: "10Mi" };
    },
    "containerLogMaxMebibytes",
    "maxPods, systemReserved, containerLogMaxMebibytes, containerLogMaxFiles",
  ),
  ...["password", "privateKeyFile", "private_key"].map((name) =>
    bad(
      `ssh.${name}`,
      (c) => {
        c.ssh = { [name]: "hunter2" };
      },
      `cluster.ssh.${name} is not a key | allowed: ${ofSsh} | cure: ${secret}`,
    ),
  ),
  ...(
    [
      ["controlplane", "control-plane"],
      ["kube_control_plane", "control-plane"],
      ["master", "control-plane"],
      ["load-balancer", "balancer"],
      ["workr", "worker"],
    ] as const
  ).map(([role, meant]) =>
    bad(
      `role ${role}`,
      (c) => {
        c.hosts.w1.roles = [role];
      },
      `cluster.hosts.w1.roles[0] is "${role}"; did you mean ${meant}? | allowed: one of etcd, balancer, control-plane, worker`,
    ),
  ),
  bad(
    "a mistyped source",
    (c) => {
      c.artifacts = { source: "bundel" };
    },
    'cluster.artifacts.source is "bundel"; did you mean bundle? | allowed: one of official, mirror, bundle',
  ),
  bad(
    "an address with a blank that can't be seen",
    (c) => {
      c.hosts.m1.address = "10.0.0.11\u200b";
      c.hosts.m2.address = "10.0.0.12\u00a0";
    },
    'cluster.hosts.m1.address is "10.0.0.11\\u200b" | allowed: an IPv4 address such as 10.77.0.10',
    'cluster.hosts.m2.address is "10.0.0.12\\u00a0" | allowed: an IPv4 address such as 10.77.0.10',
  ),
  bad(
    "a key that would clear the screen, and one that would be a line of its own",
    (c) => {
      c["x\u001b[2JALL OK"] = 1;
      c["y\n  - cluster.name is fine"] = 1;
      c[""] = 1;
    },
    `cluster."x\\u001b[2JALL OK" is not a key | allowed: ${top}`,
    `cluster."y\\n  - cluster.name is fine" is not a key | allowed: ${top}`,
    `cluster."" is not a key | allowed: ${top}`,
  ),
  bad(
    "a password in a URL",
    (c) => {
      c.artifacts = { source: "mirror", location: "https://ops:hunter2@mirror.example.com/k8s" };
      c.containerRuntime = { registryMirrors: { "docker.io": ["https://ops:hunt@er2@mirror.example.com"] } };
    },
    'cluster.containerRuntime.registryMirrors.docker.io[0] is "https://***@mirror.example.com" | allowed: an http or https URL such as https://mirror.example.com, without user, password or query',
    'cluster.artifacts.location is "https://***@mirror.example.com/k8s" | allowed: the mirror\'s http or https URL, because cluster.artifacts.source is mirror',
  ),
  ...[
    ["https://mirror.example.com/v2?token=hunter2", "https://mirror.example.com/v2?***"],
    ["https://mirror.example.com/v2#hunter2", "https://mirror.example.com/v2#***"],
    ["ops:hunter2@mirror.example.com", "***@mirror.example.com"],
    ["mirror.example.com?token=hunter2", "mirror.example.com?***"],
    ['https://ops:hunt"er2@mirror.example.com', "https://***@mirror.example.com"],
  ].flatMap(([secret = "", is]) => [
    bad(
      `a mirror with a secret, ${is}`,
      (c) => {
        c.containerRuntime = { registryMirrors: { "docker.io": [secret] } };
      },
      `cluster.containerRuntime.registryMirrors.docker.io[0] is "${is}" | allowed: an http or https URL such as https://mirror.example.com, without user, password or query`,
    ),
    bad(
      `a registry by a name with a secret, ${is}`,
      (c) => {
        c.containerRuntime = { registryMirrors: { [secret]: ["https://mirror.example.com"] } };
      },
      `cluster.containerRuntime.registryMirrors.${is} has a name that is not allowed | allowed: a registry such as docker.io or registry.example.com:5000`,
    ),
  ]),
  ...Object.entries({ kubelet: "the kubelet", etcd: "etcd", containerRuntime: "containerd" }).map(([section, program]) =>
    bad(
      `arguments of ${program}`,
      (c) => {
        c[section] = { extraArgs: { v: "2" } };
      },
      `cluster.${section}.extraArgs is not a key | allowed: ${keysOf(section)} | cure: arguments of ${program} can't be set; what can is the keys above`,
    ),
  ),
  ...[
    ["api", "host", "address or domainName"],
    ["network", "dns", "nameServers"],
    ["balancer", "type", "kind"],
  ].map(([section = "", word = "", meant = ""]) =>
    key(
      `${section}.${word}`,
      (c) => {
        c[section] = { ...c[section], [word]: "x" };
      },
      meant,
      keysOf(section),
    ),
  ),
  ...["onprem", "on-prem", "on-premises"].map((value) =>
    bad(
      `provider ${value}`,
      (c) => {
        c.provider = value;
      },
      `cluster.provider is "${value}"; did you mean baremetal? | allowed: one of lab, baremetal, aws`,
    ),
  ),
];
