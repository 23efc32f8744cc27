import type { Written } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Other tools' words, keys of other places, and what can't be seen.

const key = (path: string, edit: (c: Written) => void) => bad(`key ${path}`, edit, `cluster.${path}`);
const topKey = (name: string) =>
  key(name, (c) => {
    c[name] = "x";
  });
const hostsKey = (name: string) =>
  key(`hosts.w1.${name}`, (c) => {
    c.hosts.w1[name] = "x";
  });

export const badWords: readonly Bad[] = [
  ...[
    "podCidr",
    "podSubnet",
    "pod_subnet",
    "vip",
    "apiServer",
    "maxPods",
    "version",
    "http_proxy",
    "noProxy",
    "imageRepository",
  ].map(topKey),
  ...["ip", "role", "labels", "taints"].map(hostsKey),
  key("etcd.dataDevice", (c) => {
    c.etcd = { dataDevice: "/dev/sdb" };
  }),
  key("kubelet.containerLogMaxSize", (c) => {
    c.kubelet = { containerLogMaxSize: "10Mi" };
  }),
  ...["password", "privateKeyFile", "private_key"].map((name) =>
    bad(
      `ssh.${name}`,
      (c) => {
        c.ssh = { [name]: "hunter2" };
      },
      `cluster.ssh.${name}`,
    ),
  ),
  ...["controlplane", "kube_control_plane", "master", "load-balancer", "workr"].map((role) =>
    bad(
      `role ${role}`,
      (c) => {
        c.hosts.w1.roles = [role];
      },
      "cluster.hosts.w1.roles[0]",
    ),
  ),
  bad(
    "a mistyped source",
    (c) => {
      c.artifacts = { source: "bundel" };
    },
    "cluster.artifacts.source",
  ),
  bad(
    "an address with a blank that can't be seen",
    (c) => {
      c.hosts.m1.address = "10.0.0.11\u200b";
      c.hosts.m2.address = "10.0.0.12\u00a0";
    },
    "cluster.hosts.m1.address",
    "cluster.hosts.m2.address",
  ),
  bad(
    "a key that would clear the screen, and one that would be a line of its own",
    (c) => {
      c["x\u001b[2JALL OK"] = 1;
      c["y\n  - cluster.name is fine"] = 1;
      c[""] = 1;
    },
    'cluster."x\\u001b[2JALL OK"',
    'cluster."y\\n  - cluster.name is fine"',
    'cluster.""',
  ),
  bad(
    "a password in the mirror's URL",
    (c) => {
      c.artifacts = { source: "mirror", location: "https://ops:hunter2@mirror.example.com/k8s" };
    },
    "cluster.artifacts.location",
  ),
  bad(
    "a password in a registry mirror's URL",
    (c) => {
      c.containerRuntime = { registryMirrors: { "docker.io": ["https://ops:hunt@er2@mirror.example.com"] } };
    },
    "cluster.containerRuntime.registryMirrors.docker.io[0]",
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
      "cluster.containerRuntime.registryMirrors.docker.io[0]",
    ),
    bad(
      `a registry by a name with a secret, ${is}`,
      (c) => {
        c.containerRuntime = { registryMirrors: { [secret]: ["https://mirror.example.com"] } };
      },
      `cluster.containerRuntime.registryMirrors.${is}`,
    ),
  ]),
  ...Object.entries({ kubelet: "the kubelet", network: "kube-proxy", containerRuntime: "containerd" }).map(([section, program]) =>
    bad(
      `arguments of ${program}`,
      (c) => {
        c[section] = { extraArgs: { v: "2" } };
      },
      `cluster.${section}.extraArgs`,
    ),
  ),
  ...[
    ["api", "host"],
    ["network", "dns"],
    ["balancer", "type"],
  ].map(([section = "", word = ""]) =>
    key(`${section}.${word}`, (c) => {
      c[section] = { ...c[section], [word]: "x" };
    }),
  ),
  ...["onprem", "on-prem", "on-premises"].map((value) =>
    bad(
      `provider ${value}`,
      (c) => {
        c.provider = value;
      },
      "cluster.provider",
    ),
  ),
];
