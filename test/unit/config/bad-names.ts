import { type Bad, bad, type Written } from "./samples.ts";

// Names of hosts and of the API, labels and taints, and where SSH goes.

const hostAllowed = "a DNS name of at most 63 lower-case letters, digits, inner hyphens and dots, such as w1 or w1.example.com";
const placeAllowed = "a host name or an address alone; a port has a key of its own";
const nameAllowed = "a domain name in lower case or an IPv4 address, such as api.example.com";
const labelAllowed = "a label key such as example.com/disk: a domain name before the slash, at most 63 characters after it";

const renamed = (name: string) => (c: Written) => {
  c.hosts[name] = c.hosts.w2;
  delete c.hosts.w2;
};

/** Each with its exact message. */
export const badNames: readonly Bad[] = [
  ...["w..x", "w.", "W2", "w2-.example.com", `${"w".repeat(60)}.abc`].map((name) =>
    bad(`host ${name}`, renamed(name), `cluster.hosts.${name} has a name that is not allowed | allowed: ${hostAllowed}`),
  ),
  ...(
    [
      ["localhost", "has a name that means every host itself | allowed: a name of its own"],
      ["localhost.localdomain", "has a name that means every host itself | allowed: a name of its own"],
      ["10.0.0.22", "has an address as its name | allowed: a name; the address is the key address in it"],
      ["api.example.com", "has the name of cluster.api.domainName | allowed: a name of its own"],
      ["m1.example.com", "begins with the name of host m1 and a dot | allowed: names that don't begin with another's"],
      ["client-m1", "is called like a certificate of host m1 | allowed: a name without client- before another's"],
    ] as const
  ).map(([name, says]) => bad(`host ${name}`, renamed(name), `cluster.hosts.${name} ${says}`)),
  ...["localhost.localdomain", "api.localhost"].map((name) =>
    bad(
      `an API at ${name}`,
      (c) => {
        c.api.domainName = name;
      },
      `cluster.api.domainName is "${name}" | allowed: a name that does not mean every host itself`,
    ),
  ),
  ...["api..example.com", "api-.example.com", "API.example.com", "*.*.example.com", "https://api"].map((name) =>
    bad(
      `a certificate for ${name}`,
      (c) => {
        c.api.extraNames = [name];
      },
      `cluster.api.extraNames[0] is "${name}" | allowed: ${nameAllowed}`,
    ),
  ),
  ...["10.0.0.21:2222", "999.0.0.1", "w1..example.com", "fe80::1::2", "w1/", "-w1"].map((place) =>
    bad(
      `SSH to ${place}`,
      (c) => {
        c.hosts.w1.sshAddress = place;
        c.ssh = { bastion: { host: place, hostKey: c.hosts.w1.hostKey } };
      },
      `cluster.hosts.w1.sshAddress is "${place}" | allowed: ${placeAllowed}`,
      `cluster.ssh.bastion.host is "${place}" | allowed: ${placeAllowed}`,
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
      `cluster.pools.general.labels.${label} is reserved | allowed: nothing here, because each kubelet sets it to what its host is`,
    ),
  ),
  ...["a..b/x", "a.-b/x", "-a/x", "a/b/c", "a/"].map((label) =>
    bad(
      `label ${label}`,
      (c) => {
        c.pools.general = { labels: { [label]: "1" } };
      },
      `cluster.pools.general.labels.${label} has a name that is not allowed | allowed: ${labelAllowed}`,
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
    "cluster.pools.general.taints[2] is gpu:NoSchedule, as is cluster.pools.general.taints[0] | allowed: each key and effect once: with two of them no Node registers",
    "cluster.pools.general.taints[3].key is \"node.kubernetes.io/not-ready\" | allowed: a key that Kubernetes' controllers don't use",
  ),
];
