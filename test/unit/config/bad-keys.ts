import { lab, metal } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// Keys wrong by themselves.

export const badKeys: readonly Bad[] = [
  {
    mistake: "name missing",
    from: metal,
    edit: (c) => {
      delete c.name;
    },
    keys: ["cluster.name"],
  },
  {
    mistake: "name with capitals",
    from: metal,
    edit: (c) => {
      c.name = "Prod";
    },
    keys: ["cluster.name"],
  },
  {
    mistake: "name too long",
    from: metal,
    edit: (c) => {
      c.name = "a".repeat(33);
    },
    keys: ["cluster.name"],
  },
  {
    mistake: "unknown provider",
    from: metal,
    edit: (c) => {
      c.provider = "bare-metal";
    },
    keys: ["cluster.provider"],
  },
  {
    mistake: "version as a YAML number",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = 1.36;
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    mistake: "version with a v",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = "v1.36.3";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    mistake: "version not in the lock",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = "1.36.9";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    mistake: "version of a minor version that nobody knew",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = "1.99.0";
      c.versions = { etcd: "4.0.0" };
    },
    keys: ["cluster.kubernetesVersion", "cluster.versions.etcd"],
  },
  {
    mistake: "version of a part that the lab can't build",
    from: lab,
    edit: (c) => {
      c.versions = { etcd: "3.6.8" };
    },
    keys: ["cluster.versions.etcd"],
  },
  {
    mistake: "version that the lab can't build",
    from: lab,
    edit: (c) => {
      c.kubernetesVersion = "1.35.8";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    mistake: "part version not in the lock",
    from: metal,
    edit: (c) => {
      c.versions = { coredns: "1.12.0" };
    },
    keys: ["cluster.versions.coredns"],
  },
  {
    mistake: "containerd too old",
    from: metal,
    edit: (c) => {
      c.versions = { containerd: "2.1.5" };
    },
    keys: ["cluster.versions.containerd"],
  },
  {
    mistake: "containerd too old for a newer Kubernetes",
    from: metal,
    edit: (c) => {
      c.kubernetesVersion = "1.37.2";
      c.versions = { containerd: "2.2.9" };
    },
    keys: ["cluster.versions.containerd"],
  },
  {
    mistake: "etcd too old",
    from: metal,
    edit: (c) => {
      c.versions = { etcd: "3.5.21" };
    },
    keys: ["cluster.versions.etcd"],
  },
  {
    mistake: "mistyped key",
    from: metal,
    edit: (c) => {
      c.hosts.m1.adress = "10.0.0.11";
    },
    keys: ["cluster.hosts.m1.adress"],
  },
  {
    mistake: "mistyped section",
    from: metal,
    edit: (c) => {
      c.balancers = {};
    },
    keys: ["cluster.balancers"],
  },
  {
    mistake: "key that resembles none",
    from: metal,
    edit: (c) => {
      c.hosts.m1.flavour = "large";
    },
    keys: ["cluster.hosts.m1.flavour"],
  },
  {
    mistake: "address out of range",
    from: metal,
    edit: (c) => {
      c.hosts.m1.address = "10.0.0.300";
    },
    keys: ["cluster.hosts.m1.address"],
  },
  {
    mistake: "address missing",
    from: metal,
    edit: (c) => {
      delete c.hosts.m1.address;
    },
    keys: ["cluster.hosts.m1.address"],
  },
  {
    mistake: "host name with an underscore",
    from: metal,
    edit: (c) => {
      c.hosts.m_4 = c.hosts.m3;
      delete c.hosts.m3;
    },
    keys: ["cluster.hosts.m_4"],
  },
  {
    mistake: "host that is not a mapping",
    from: metal,
    edit: (c) => {
      c.hosts.w2 = "10.0.0.22";
    },
    keys: ["cluster.hosts.w2"],
  },
  {
    mistake: "hosts as a list",
    from: metal,
    edit: (c) => {
      c.hosts = [c.hosts.m1];
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "empty host",
    from: metal,
    edit: (c) => {
      c.hosts.w2 = null;
    },
    keys: ["cluster.hosts.w2.roles"],
  },
  {
    mistake: "empty name",
    from: metal,
    edit: (c) => {
      c.name = null;
    },
    keys: ["cluster.name"],
  },
  {
    mistake: "incarnation zero",
    from: metal,
    edit: (c) => {
      c.hosts.w1.incarnation = 0;
    },
    keys: ["cluster.hosts.w1.incarnation"],
  },
  {
    mistake: "unknown override",
    from: metal,
    edit: (c) => {
      c.allow = ["downgrade"];
    },
    keys: ["cluster.allow[0]"],
  },
  {
    mistake: "private key in clear",
    from: metal,
    edit: (c) => {
      c.ssh = { privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----" };
    },
    keys: ["cluster.ssh.privateKey"],
  },
];
