import { apart, five, host, member, type RefusedChange, three, worker } from "./changes-samples.ts";

// Members of groups, and versions.

/** Each with its exact message. */
export const refusedGroups: readonly RefusedChange[] = [
  {
    change: "one member fewer",
    from: three,
    after: (a) => {
      host(a, "m3").roles = ["balancer", "control-plane"];
    },
    says: [
      "cluster.hosts would remove m3, where etcd has 3 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: add its replacement in the same edit; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "one member more",
    from: three,
    after: (a) => {
      a.hosts.m4 = member(4);
    },
    says: [
      "cluster.hosts would add m4, where etcd has 3 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: add two at once; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "two members replaced",
    from: three,
    after: (a) => {
      delete a.hosts.m1;
      delete a.hosts.m2;
      a.hosts.m4 = member(4);
      a.hosts.m5 = member(5);
    },
    says: [
      "cluster.hosts would add m4, m5 and remove m1, m2, where etcd has 3 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: replace one member in each edit, with an up after each; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "two members reinstalled",
    from: three,
    after: (a) => {
      host(a, "m1").incarnation = 2;
      host(a, "m2").incarnation = 2;
    },
    says: [
      "cluster.hosts would add m1, m2 and remove m1, m2, where etcd has 3 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: replace one member in each edit, with an up after each; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "3 to 5 with a replacement",
    from: three,
    after: (a) => {
      delete a.hosts.m1;
      for (const n of [4, 5, 6]) a.hosts[`m${n}`] = member(n);
    },
    says: [
      "cluster.hosts would add m4, m5, m6 and remove m1, where etcd has 3 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: replace one member in each edit, with an up after each; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "1 to 3",
    from: three,
    before: (b) => {
      host(b, "m2").roles = host(b, "m3").roles = ["balancer", "control-plane"];
    },
    after: (a) => {
      host(a, "m2").roles = host(a, "m3").roles = ["balancer", "control-plane"];
      host(a, "m2").roles = host(a, "m3").roles = ["etcd", "balancer", "control-plane"];
    },
    says: [
      "cluster.hosts would add m2, m3, where etcd has 1 member | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: make a new stack with 3 members, move the workload, and destroy this one; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "5 to 1",
    from: five,
    after: (a) => {
      for (const n of [2, 3, 4, 5]) delete a.hosts[`m${n}`];
    },
    says: [
      "cluster.hosts would remove m2, m3, m4, m5, where etcd has 5 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: replace one member in each edit, with an up after each; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "a majority lost",
    from: three,
    after: (a) => {
      host(a, "m1").lost = true;
      host(a, "m2").lost = true;
    },
    says: [
      "cluster.hosts would give up 2 of etcd's 3 members at once: m1, m2 | allowed: at most 1, so that a majority is left to remove them | cure: bring one of them back; without a majority etcd can only be restored from a snapshot",
    ],
  },
  {
    change: "lost and replaced at once",
    from: three,
    after: (a) => {
      host(a, "m1").lost = true;
      delete a.hosts.m2;
      a.hosts.m4 = member(4);
      a.hosts.m5 = member(5);
    },
    says: [
      "cluster.hosts would add m4, m5 and remove m2 and give up m1, where etcd has 3 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: give up the lost members first, with an up; then change the others; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "lost, with more than its replacement",
    from: three,
    after: (a) => {
      host(a, "m1").lost = true;
      for (const n of [4, 5, 6]) a.hosts[`m${n}`] = member(n);
    },
    says: [
      "cluster.hosts would add m4, m5, m6 and give up m1, where etcd has 3 members | allowed: two members more (3 to 5), two fewer (5 to 3), or one replaced by another; lost ones alone or with their replacements | cure: give up the lost members first, with an up; then change the others; if you know better: cluster.allow: [membership-jump]",
    ],
  },
  {
    change: "every control plane at once",
    from: apart,
    after: (a) => {
      for (const n of [1, 2, 3]) {
        delete a.hosts[`c${n}`];
        a.hosts[`d${n}`] = member(40 + n, ["control-plane"]);
      }
    },
    says: [
      "cluster.hosts would replace every host of role control-plane at once: c1, c2, c3 | allowed: at least one of them, of the same incarnation, beside the new ones | cure: keep c1 in this edit, and replace it in the next",
    ],
  },
  {
    change: "no control plane left",
    from: apart,
    after: (a) => {
      for (const n of [1, 2, 3]) delete a.hosts[`c${n}`];
    },
    says: [
      "cluster.hosts would leave no control plane | allowed: at least one that is not lost | cure: to end the cluster, destroy the stack",
    ],
  },
  {
    change: "every balancer at once",
    from: apart,
    after: (a) => {
      for (const n of [1, 2]) {
        delete a.hosts[`b${n}`];
        a.hosts[`l${n}`] = member(60 + n, ["balancer"]);
      }
    },
    says: [
      "cluster.hosts would replace every host of role balancer at once: b1, b2 | allowed: at least one of them, of the same incarnation, beside the new ones | cure: keep b1 in this edit, and replace it in the next",
    ],
  },
  {
    change: "back a patch version",
    from: three,
    after: (a) => {
      a.kubernetesVersion = "1.36.1";
    },
    says: [
      "cluster.kubernetesVersion would take Kubernetes from 1.36.3 to 1.36.1 | allowed: 1.36.3 or newer | cure: put it back; if you know better: cluster.allow: [patch-downgrade]",
    ],
  },
  {
    change: "back a minor version",
    from: three,
    after: (a) => {
      a.kubernetesVersion = "1.35.4";
    },
    says: [
      "cluster.kubernetesVersion would take Kubernetes from 1.36.3 to 1.35.4 | allowed: 1.36.3 or newer | cure: put it back; to return to the older version, restore a snapshot into a new cluster",
    ],
  },
  {
    change: "etcd back a minor version",
    from: three,
    after: (a) => {
      a.versions.etcd = "3.5.27";
    },
    says: [
      "cluster.versions.etcd would take etcd from 3.6.14 to 3.5.27 | allowed: 3.6.14 or newer | cure: put it back; to return to the older version, restore a snapshot into a new cluster",
    ],
  },
  {
    change: "two minor versions at once",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.34.4";
    },
    says: [
      "cluster.kubernetesVersion would take Kubernetes from 1.34.4 to 1.36.3, 2 minor versions at once | allowed: the next minor version at most | cure: go this path, with an up after each: 1.35.4, then 1.36.3; or set upgradePath: auto, which walks it in one up",
    ],
  },
  {
    change: "three minor versions at once",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.33.13";
    },
    says: [
      "cluster.kubernetesVersion would take Kubernetes from 1.33.13 to 1.36.3, 3 minor versions at once | allowed: the next minor version at most | cure: go this path, with an up after each: 1.34.4, then 1.35.4, then 1.36.3; or set upgradePath: auto, which walks it in one up",
    ],
  },
  {
    change: "minor versions that the lock doesn't have",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.31.2";
    },
    says: [
      "cluster.kubernetesVersion would take Kubernetes from 1.31.2 to 1.36.3, 5 minor versions at once | allowed: the next minor version at most | cure: go this path, with an up after each: a 1.32 (artifacts/lock.json has none), then 1.33.13, then 1.34.4, then 1.35.4, then 1.36.3",
    ],
  },
  {
    change: "etcd 3.6 from an early 3.5",
    from: three,
    before: (b) => {
      b.versions.etcd = "3.5.25";
    },
    says: [
      "cluster.versions.etcd would take etcd from 3.5.25 to 3.6.14 | allowed: 3.6 only from 3.5.26 or a newer 3.5 | cure: go this path, with an up after each: 3.5.27, then 3.6.14",
    ],
  },
  {
    change: "a new version and a new host",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.36.1";
    },
    after: (a) => {
      a.hosts.w3 = worker("10.0.0.23");
    },
    says: [
      "cluster.kubernetesVersion would change from 1.36.1 to 1.36.3 while hosts come or go: w3 | allowed: one at a time | cure: change the hosts first, with an up; then the version; if you know better: cluster.allow: [change-with-upgrade]",
    ],
  },
  {
    change: "a new etcd and a replaced member",
    from: three,
    before: (b) => {
      b.versions.etcd = "3.6.13";
    },
    after: (a) => {
      delete a.hosts.m1;
      a.hosts.m4 = member(4);
    },
    says: [
      "cluster.versions.etcd would change from 3.6.13 to 3.6.14 while hosts come or go: m1, m4 | allowed: one at a time | cure: change the hosts first, with an up; then the version; if you know better: cluster.allow: [change-with-upgrade]",
    ],
  },
];
