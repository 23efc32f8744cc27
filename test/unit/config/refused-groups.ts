import { apart, five, host, member, type RefusedChange, three, worker } from "./changes-samples.ts";

// Members of groups, and versions.

export const refusedGroups: readonly RefusedChange[] = [
  {
    change: "one member fewer",
    from: three,
    after: (a) => {
      host(a, "m3").roles = ["balancer", "control-plane"];
    },
    keys: ["cluster.hosts"],
  },
  {
    change: "one member more",
    from: three,
    after: (a) => {
      a.hosts.m4 = member(4);
    },
    keys: ["cluster.hosts"],
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
    keys: ["cluster.hosts"],
  },
  {
    change: "two members reinstalled",
    from: three,
    after: (a) => {
      host(a, "m1").incarnation = 2;
      host(a, "m2").incarnation = 2;
    },
    keys: ["cluster.hosts"],
  },
  {
    change: "3 to 5 with a replacement",
    from: three,
    after: (a) => {
      delete a.hosts.m1;
      for (const n of [4, 5, 6]) a.hosts[`m${n}`] = member(n);
    },
    keys: ["cluster.hosts"],
  },
  {
    change: "1 to 5",
    from: five,
    before: (b) => {
      for (const n of [2, 3, 4, 5]) delete b.hosts[`m${n}`];
    },
    keys: ["cluster.hosts"],
  },
  {
    change: "3 to 1",
    from: three,
    after: (a) => {
      for (const n of [2, 3]) delete a.hosts[`m${n}`];
    },
    keys: ["cluster.hosts"],
  },
  {
    change: "5 to 1",
    from: five,
    after: (a) => {
      for (const n of [2, 3, 4, 5]) delete a.hosts[`m${n}`];
    },
    keys: ["cluster.hosts"],
  },
  {
    change: "a majority lost",
    from: three,
    after: (a) => {
      host(a, "m1").lost = true;
      host(a, "m2").lost = true;
    },
    keys: ["cluster.hosts"],
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
    keys: ["cluster.hosts"],
  },
  {
    change: "lost, with more than its replacement",
    from: three,
    after: (a) => {
      host(a, "m1").lost = true;
      for (const n of [4, 5, 6]) a.hosts[`m${n}`] = member(n);
    },
    keys: ["cluster.hosts"],
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
    keys: ["cluster.hosts"],
  },
  {
    change: "no control plane left",
    from: apart,
    after: (a) => {
      for (const n of [1, 2, 3]) delete a.hosts[`c${n}`];
    },
    keys: ["cluster.hosts"],
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
    keys: ["cluster.hosts"],
  },
  {
    change: "back a patch version",
    from: three,
    after: (a) => {
      a.kubernetesVersion = "1.36.1";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    change: "another release's default version",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.36.1";
    },
    after: (a) => {
      a.defaultVersion = true;
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    change: "another default, three minor versions on",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.33.13";
      b.defaultVersion = true;
    },
    after: (a) => {
      a.defaultVersion = true;
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    change: "back a minor version",
    from: three,
    after: (a) => {
      a.kubernetesVersion = "1.35.4";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    change: "etcd back a minor version",
    from: three,
    after: (a) => {
      a.versions.etcd = "3.5.27";
    },
    keys: ["cluster.versions.etcd"],
  },
  {
    change: "two minor versions at once",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.34.4";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    change: "three minor versions at once",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.33.13";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    change: "minor versions that the lock doesn't have",
    from: three,
    before: (b) => {
      b.kubernetesVersion = "1.31.2";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    change: "etcd 3.6 from an early 3.5",
    from: three,
    before: (b) => {
      b.versions.etcd = "3.5.25";
    },
    keys: ["cluster.versions.etcd"],
  },
  {
    change: "etcd 3.7 from an early 3.6",
    from: three,
    before: (b) => {
      b.versions.etcd = "3.6.8";
    },
    after: (a) => {
      a.versions.etcd = "3.7.3";
    },
    keys: ["cluster.versions.etcd"],
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
    keys: ["cluster.kubernetesVersion"],
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
    keys: ["cluster.versions.etcd"],
  },
];
