import { type Bad, bad } from "./bad-sample.ts";

// Labels, taints, annotations and interfaces of single hosts.

const taint = (key: string, effect = "NoSchedule") => ({ key, effect });

export const badLabels: readonly Bad[] = [
  bad(
    "a host in another pool by its label",
    (c) => (c.hosts.w1.labels = { "ha-kubernetes/pool": "gpu" }),
    "cluster.hosts.w1.labels.ha-kubernetes/pool",
  ),
  bad(
    "a label that a kubelet may not give itself",
    (c) => (c.hosts.w1.labels = { "node-role.kubernetes.io/worker": "" }),
    "cluster.hosts.w1.labels.node-role.kubernetes.io/worker",
  ),
  bad(
    "another host's name as a label",
    (c) => (c.hosts.m1.labels = { "kubernetes.io/hostname": "m2" }),
    "cluster.hosts.m1.labels.kubernetes.io/hostname",
  ),
  bad(
    "a control plane's own label",
    (c) => (c.hosts.m1.labels = { "node.kubernetes.io/exclude-from-external-load-balancers": "" }),
    "cluster.hosts.m1.labels.node.kubernetes.io/exclude-from-external-load-balancers",
  ),
  bad(
    "a taint twice",
    (c) => (c.hosts.w1.taints = [taint("a"), taint("b"), { ...taint("a"), value: "x" }]),
    "cluster.hosts.w1.taints[2]",
  ),
  bad(
    "a controller's taint",
    (c) => (c.hosts.m1.taints = [taint("node.kubernetes.io/not-ready")]),
    "cluster.hosts.m1.taints[0].key",
  ),
  bad(
    "the usual taint of control planes",
    (c) => (c.hosts.m1.taints = [taint("node-role.kubernetes.io/control-plane")]),
    "cluster.hosts.m1.taints[0]",
  ),
  bad(
    "the usual taint of control planes in the pool of one",
    (c) => {
      c.hosts.m1.roles.push("worker");
      c.hosts.m1.pool = "general";
      c.pools.general = { taints: [taint("a"), taint("node-role.kubernetes.io/control-plane")] };
    },
    "cluster.pools.general.taints[1]",
  ),
  bad(
    "all of it where there is no Node",
    (c) => {
      c.hosts.m4 = {
        ...c.hosts.w1,
        address: "10.0.0.14",
        hostKey: undefined,
        connection: "local",
        roles: ["balancer"],
        pool: undefined,
      };
      Object.assign(c.hosts.m4, { labels: { a: "b" }, taints: [taint("a")], annotations: { a: "b" } });
    },
    "cluster.hosts.m4.labels",
    "cluster.hosts.m4.taints",
    "cluster.hosts.m4.annotations",
  ),
  bad(
    "flannel's annotation",
    (c) => (c.hosts.w1.annotations = { "flannel.alpha.coreos.com/public-ip": "10.0.0.1" }),
    "cluster.hosts.w1.annotations.flannel.alpha.coreos.com/public-ip",
  ),
  bad(
    "an annotation of two lines",
    (c) => (c.hosts.w1.annotations = { "example.com/a": "b\nc" }),
    "cluster.hosts.w1.annotations.example.com/a",
  ),
  bad(
    "interfaces where nothing reads them",
    (c) => {
      c.hosts.w1.balancerInterface = "eth1";
      c.hosts.m3.roles = ["etcd", "balancer"];
      c.hosts.m3.flannelInterface = "eth1";
    },
    "cluster.hosts.m3.flannelInterface",
    "cluster.hosts.w1.balancerInterface",
  ),
  bad(
    "interfaces of what others run",
    (c) => {
      c.balancer = { kind: "external" };
      c.addons = { flannel: false };
      for (const n of ["m1", "m2", "m3"]) c.hosts[n].roles = ["etcd", "control-plane"];
      c.hosts.m1.balancerInterface = "eth1";
      c.hosts.w1.flannelInterface = "eth1";
    },
    "cluster.hosts.m1.balancerInterface",
    "cluster.hosts.w1.flannelInterface",
  ),
  bad("an interface of pods", (c) => (c.hosts.w1.flannelInterface = "flannel.1"), "cluster.hosts.w1.flannelInterface"),
];
