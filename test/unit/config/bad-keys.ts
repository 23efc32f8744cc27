import type { Bad } from "./samples.ts";
import { metal } from "./samples.ts";

// Keys wrong by themselves.

/** Each with its exact message. */
export const badKeys: readonly Bad[] = [
  {
    mistake: "name missing",
    from: metal,
    edit: (c) => {
      delete c.name;
    },
    says: ["cluster.name is missing | allowed: a DNS label: 1 to 32 lower-case letters, digits and inner hyphens"],
  },
  {
    mistake: "name with capitals",
    from: metal,
    edit: (c) => {
      c.name = "Prod";
    },
    says: ['cluster.name is "Prod" | allowed: a DNS label: 1 to 32 lower-case letters, digits and inner hyphens'],
  },
  {
    mistake: "name too long",
    from: metal,
    edit: (c) => {
      c.name = "a".repeat(33);
    },
    says: [
      'cluster.name is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" | allowed: a DNS label: 1 to 32 lower-case letters, digits and inner hyphens',
    ],
  },
  {
    mistake: "unknown provider",
    from: metal,
    edit: (c) => {
      c.provider = "bare-metal";
    },
    says: ['cluster.provider is "bare-metal"; did you mean baremetal? | allowed: one of lab, baremetal, aws'],
  },
  {
    mistake: "version as a YAML number",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = 1.36;
    },
    says: ["cluster.kubernetesVersion is 1.36 | allowed: a version of three numbers such as 1.36.3, without a leading v"],
  },
  {
    mistake: "version with a v",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = "v1.36.3";
    },
    says: ['cluster.kubernetesVersion is "v1.36.3" | allowed: a version of three numbers such as 1.36.3, without a leading v'],
  },
  {
    mistake: "version not in the lock",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = "1.36.9";
    },
    says: [
      'cluster.kubernetesVersion is "1.36.9" | allowed: a version that artifacts/lock.json has: 1.33.13, 1.34.4, 1.35.4, 1.36.1, 1.36.3',
    ],
  },
  {
    mistake: "part version not in the lock",
    from: metal,
    edit: (c) => {
      c.versions = { coredns: "1.12.0" };
    },
    says: ['cluster.versions.coredns is "1.12.0" | allowed: a version that artifacts/lock.json has: 1.13.1, 1.14.2'],
  },
  {
    mistake: "containerd too old",
    from: metal,
    edit: (c) => {
      c.versions = { containerd: "2.1.5" };
    },
    says: ['cluster.versions.containerd is "2.1.5" | allowed: 2.2.0 or newer with Kubernetes 1.36'],
  },
  {
    mistake: "etcd too old",
    from: metal,
    edit: (c) => {
      c.versions = { etcd: "3.5.21" };
    },
    says: ['cluster.versions.etcd is "3.5.21" | allowed: 3.5.24 or newer with Kubernetes 1.36'],
  },
  {
    mistake: "mistyped key",
    from: metal,
    edit: (c) => {
      c.hosts.m1.adress = "10.0.0.11";
    },
    says: [
      "cluster.hosts.m1.adress is not a key; did you mean address? | allowed: address, roles, pool, architecture, connection, sshAddress, sshPort, sshUser, hostKey, dataDevice, lost, incarnation, aws",
    ],
  },
  {
    mistake: "mistyped section",
    from: metal,
    edit: (c) => {
      c.balancers = {};
    },
    says: [
      "cluster.balancers is not a key; did you mean balancer? | allowed: name, provider, kubernetesVersion, versions, upgradePath, nodeCidrs, hosts, pools, api, balancer, etcd, network, certificates, kubelet, containerRuntime, hostPreparation, drain, addons, artifacts, ssh, lab, aws, repair, allow",
    ],
  },
  {
    mistake: "key that resembles none",
    from: metal,
    edit: (c) => {
      c.hosts.m1.flavour = "large";
    },
    says: [
      "cluster.hosts.m1.flavour is not a key | allowed: address, roles, pool, architecture, connection, sshAddress, sshPort, sshUser, hostKey, dataDevice, lost, incarnation, aws",
    ],
  },
  {
    mistake: "address out of range",
    from: metal,
    edit: (c) => {
      c.hosts.m1.address = "10.0.0.300";
    },
    says: ['cluster.hosts.m1.address is "10.0.0.300" | allowed: an IPv4 address such as 10.77.0.10'],
  },
  {
    mistake: "address missing",
    from: metal,
    edit: (c) => {
      delete c.hosts.m1.address;
    },
    says: ["cluster.hosts.m1.address is missing | allowed: an IPv4 address such as 10.77.0.10"],
  },
  {
    mistake: "host name with an underscore",
    from: metal,
    edit: (c) => {
      c.hosts.m_4 = c.hosts.m3;
      delete c.hosts.m3;
    },
    says: [
      "cluster.hosts.m_4 has a name that is not allowed | allowed: a DNS name of at most 63 lower-case letters, digits, inner hyphens and dots, such as w1 or w1.example.com",
    ],
  },
  {
    mistake: "host that is no mapping",
    from: metal,
    edit: (c) => {
      c.hosts.w2 = "10.0.0.22";
    },
    says: ['cluster.hosts.w2 is "10.0.0.22" | allowed: a mapping of keys to values'],
  },
  {
    mistake: "hosts as a list",
    from: metal,
    edit: (c) => {
      c.hosts = [c.hosts.m1];
    },
    says: [
      'cluster.hosts is [{"address":"10.0.0.11","roles":["etcd","balancer","control-plane"],"hostKey":"s… | allowed: a mapping of keys to values',
    ],
  },
  {
    mistake: "empty host",
    from: metal,
    edit: (c) => {
      c.hosts.w2 = null;
    },
    says: [
      "cluster.hosts.w2.roles is missing | allowed: a list",
      "cluster.hosts.w2.address is missing | allowed: an IPv4 address such as 10.77.0.10",
      "cluster.hosts.w2.hostKey is missing | allowed: the host's public SSH key, which proves that it is that host | cure: read it on the host from /etc/ssh/ssh_host_ed25519_key.pub, or compare what ssh-keyscan -t ed25519 w2 prints",
    ],
  },
  {
    mistake: "empty name",
    from: metal,
    edit: (c) => {
      c.name = null;
    },
    says: ["cluster.name is missing | allowed: a DNS label: 1 to 32 lower-case letters, digits and inner hyphens"],
  },
  {
    mistake: "incarnation zero",
    from: metal,
    edit: (c) => {
      c.hosts.w1.incarnation = 0;
    },
    says: ["cluster.hosts.w1.incarnation is 0 | allowed: a whole number from 1 to 1000000"],
  },
  {
    mistake: "unknown override",
    from: metal,
    edit: (c) => {
      c.allow = ["downgrade"];
    },
    says: [
      'cluster.allow[0] is "downgrade" | allowed: one of patch-downgrade, membership-jump, change-with-upgrade, early-key-drop',
    ],
  },
  {
    mistake: "private key in clear",
    from: metal,
    edit: (c) => {
      c.ssh = { privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----" };
    },
    says: [
      "cluster.ssh.privateKey is a private key in clear | allowed: no secret anywhere in this mapping | cure: take it out, make a new key pair if the file was ever shared, and store the key as the stack's secret: config set --secret sshPrivateKey",
    ],
  },
];
