import type { Written } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Names of hosts and of the API, labels and taints, and where SSH goes.

const renamed = (name: string) => (c: Written) => {
  c.hosts[name] = c.hosts.w2;
  delete c.hosts.w2;
};

export const badNames: readonly Bad[] = [
  ...["w..x", "w.", "W2", "w2-.example.com", `${"w".repeat(60)}.abc`].map((name) =>
    bad(`host ${name}`, renamed(name), `cluster.hosts.${name}`),
  ),
  ...["localhost", "localhost.localdomain", "10.0.0.22", "api.prod.internal", "m1.example.com", "client-m1"].map((name) =>
    bad(`host ${name}`, renamed(name), `cluster.hosts.${name}`),
  ),
  ...["ca", "ca-2", "1.35.6-m2"].map((name) =>
    bad(
      `etcd member and control plane ${name}`,
      (c) => {
        c.hosts[name] = c.hosts.m1;
        delete c.hosts.m1;
      },
      `cluster.hosts.${name}`,
    ),
  ),
  ...["localhost.localdomain", "api.localhost"].map((name) =>
    bad(
      `an API at ${name}`,
      (c) => {
        c.api.domainName = name;
      },
      "cluster.api.domainName",
    ),
  ),
  ...["api..example.com", "api-.example.com", "API.example.com", "*.*.example.com", "https://api"].map((name) =>
    bad(
      `a certificate for ${name}`,
      (c) => {
        c.api.extraNames = [name];
      },
      "cluster.api.extraNames[0]",
    ),
  ),
  ...["10.0.0.21:2222", "999.0.0.1", "w1..example.com", "fe80::1::2", "w1/", "-w1"].map((place) =>
    bad(
      `SSH to ${place}`,
      (c) => {
        c.hosts.w1.sshAddress = place;
        c.ssh = { bastion: { host: place, hostKey: c.hosts.w1.hostKey } };
      },
      "cluster.hosts.w1.sshAddress",
      "cluster.ssh.bastion.host",
    ),
  ),
  ...(
    [
      ["kubernetes.io/hostname", "w"],
      ["kubernetes.io/os", "windows"],
      ["kubernetes.io/arch", "arm64"],
    ] as const
  ).map(([label, value]) =>
    bad(
      `label ${label}=${value}`,
      (c) => {
        c.pools.general = { labels: { [label]: value } };
      },
      `cluster.pools.general.labels.${label}`,
    ),
  ),
  ...["a..b/x", "a.-b/x", "-a/x", "a/b/c", "a/"].map((label) =>
    bad(
      `label ${label}`,
      (c) => {
        c.pools.general = { labels: { [label]: "1" } };
      },
      `cluster.pools.general.labels.${label}`,
    ),
  ),
  bad(
    "a taint twice, and one of the controllers'",
    (c) => {
      const gpu = { key: "gpu", effect: "NoSchedule" };
      c.pools.general = {
        taints: [
          gpu,
          { ...gpu, effect: "NoExecute" },
          { ...gpu, value: "a" },
          { key: "node.kubernetes.io/not-ready", effect: "NoExecute" },
        ],
      };
    },
    "cluster.pools.general.taints[2]",
    "cluster.pools.general.taints[3].key",
  ),
];
