import { lab, metal } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// Settings and versions.

export const badSettings: readonly Bad[] = [
  {
    mistake: "argument that the program sets",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "etcd-servers": "https://10.0.0.99:2379" };
    },
    keys: ["cluster.api.extraArgs.etcd-servers"],
  },
  {
    mistake: "admission without NodeRestriction",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "enable-admission-plugins": "AlwaysPullImages" };
    },
    keys: ["cluster.api.extraArgs.enable-admission-plugins"],
  },
  {
    mistake: "NodeRestriction turned off",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "disable-admission-plugins": "NodeRestriction" };
    },
    keys: ["cluster.api.extraArgs.disable-admission-plugins"],
  },
  {
    mistake: "health checks shut out",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "anonymous-auth": "false" };
    },
    keys: ["cluster.api.extraArgs.anonymous-auth"],
  },
  {
    mistake: "argument with dashes",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "--audit-log-path": "-" };
    },
    keys: ["cluster.api.extraArgs.--audit-log-path"],
  },
  {
    mistake: "argument of two lines",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "audit-log-path": "a\nb" };
    },
    keys: ["cluster.api.extraArgs.audit-log-path"],
  },
  {
    mistake: "interval no multiple of 10",
    from: metal,
    edit: (c) => {
      c.balancer = { advertisementIntervalMilliseconds: 205 };
    },
    keys: ["cluster.balancer.advertisementIntervalMilliseconds"],
  },
  {
    mistake: "election too short",
    from: metal,
    edit: (c) => {
      c.etcd = { heartbeatMilliseconds: 300 };
    },
    keys: ["cluster.etcd.electionMilliseconds"],
  },
  {
    mistake: "relative data directory",
    from: metal,
    edit: (c) => {
      c.etcd = { dataDirectory: "etcd" };
    },
    keys: ["cluster.etcd.dataDirectory"],
  },
  {
    mistake: "data directory with dots",
    from: metal,
    edit: (c) => {
      c.etcd = { dataDirectory: "/var/../etc" };
    },
    keys: ["cluster.etcd.dataDirectory"],
  },
  {
    mistake: "renewed at every up",
    from: metal,
    edit: (c) => {
      c.certificates = { leafValidityHours: 24 };
    },
    keys: ["cluster.certificates.renewBeforeHours"],
  },
  {
    mistake: "leaf outlives its authority",
    from: metal,
    edit: (c) => {
      c.certificates = { authorityValidityHours: 4380 };
    },
    keys: ["cluster.certificates.leafValidityHours"],
  },
  {
    mistake: "generations that are not two in a row, and one that issues without being trusted",
    from: metal,
    edit: (c) => {
      c.certificates = { authorities: { etcd: { trust: [1, 3] }, serviceAccount: { trust: [1, 2], issue: 3 } } };
    },
    keys: ["cluster.certificates.authorities.etcd", "cluster.certificates.authorities.serviceAccount"],
  },
  {
    mistake: "label of Kubernetes",
    from: metal,
    edit: (c) => {
      c.pools.general = { labels: { "node-role.kubernetes.io/worker": "" } };
    },
    keys: ["cluster.pools.general.labels.node-role.kubernetes.io/worker"],
  },
  {
    mistake: "label value as a truth value",
    from: metal,
    edit: (c) => {
      c.pools.general = { labels: { ssd: true } };
    },
    keys: ["cluster.pools.general.labels.ssd"],
  },
  {
    mistake: "taint effect",
    from: metal,
    edit: (c) => {
      c.pools.general = { taints: [{ key: "gpu", effect: "NoRun" }] };
    },
    keys: ["cluster.pools.general.taints[0].effect"],
  },
  {
    mistake: "unknown reserved resource",
    from: metal,
    edit: (c) => {
      c.kubelet = { systemReserved: { mem: "1Gi" } };
    },
    keys: ["cluster.kubelet.systemReserved.mem"],
  },
  {
    mistake: "quantity",
    from: metal,
    edit: (c) => {
      c.kubelet = { systemReserved: { memory: "1 GB" } };
    },
    keys: ["cluster.kubelet.systemReserved.memory"],
  },
  {
    mistake: "sysctl",
    from: metal,
    edit: (c) => {
      c.hostPreparation = { extraSysctl: { somaxconn: "1024" } };
    },
    keys: ["cluster.hostPreparation.extraSysctl.somaxconn"],
  },
  {
    mistake: "switch as text",
    from: metal,
    edit: (c) => {
      c.hostPreparation = { swap: "off" };
    },
    keys: ["cluster.hostPreparation.swap"],
  },
  {
    mistake: "mirror without a scheme",
    from: metal,
    edit: (c) => {
      c.containerRuntime = { registryMirrors: { "docker.io": ["mirror.example.com"] } };
    },
    keys: ["cluster.containerRuntime.registryMirrors.docker.io[0]"],
  },
  {
    mistake: "mirror source without a URL",
    from: metal,
    edit: (c) => {
      c.artifacts = { source: "mirror" };
    },
    keys: ["cluster.artifacts.location"],
  },
  {
    mistake: "bundle without a manifest",
    from: metal,
    edit: (c) => {
      c.artifacts = { source: "bundle" };
    },
    keys: ["cluster.artifacts.manifest"],
  },
  {
    mistake: "bundle at a URL",
    from: metal,
    edit: (c) => {
      c.artifacts = { source: "bundle", manifest: "b/manifest.json", location: "https://example.com/b" };
    },
    keys: ["cluster.artifacts.location"],
  },
  {
    mistake: "location without a source",
    from: metal,
    edit: (c) => {
      c.artifacts = { location: "https://example.com" };
    },
    keys: ["cluster.artifacts.location"],
  },
  {
    mistake: "snapshots among etcd's data, their copies among the snapshots",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { directory: "/var/lib/etcd/snapshots", copyToDirectory: "/var/lib/etcd/snapshots/copies" } };
    },
    keys: ["cluster.etcd.backup.directory", "cluster.etcd.backup.copyToDirectory"],
  },
  {
    mistake: "SSH target without a pinned host key",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToSsh: { host: "nas", user: "backup", directory: "/srv" } } };
    },
    keys: ["cluster.etcd.backup.copyToSsh.hostKey"],
  },
  {
    mistake: "copies to S3 of more than one upload holds, in a bucket that has no https name",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToS3: { bucket: "Backups.prod", region: "Frankfurt", prefix: "/etcd/" } } };
    },
    keys: ["cluster.etcd.backup.copyToS3.bucket", "cluster.etcd.backup.copyToS3.region", "cluster.etcd.backup.copyToS3.prefix"],
  },
  {
    mistake: "snapshots that may be bigger than S3 takes at once",
    from: metal,
    edit: (c) => {
      c.etcd = { quotaMebibytes: 8192, backup: { copyToS3: { bucket: "prod-backups", region: "eu-central-1" } } };
    },
    keys: ["cluster.etcd.quotaMebibytes"],
  },
  {
    mistake: "restore of a snapshot that is not pinned, above the directory it is in",
    from: metal,
    edit: (c) => {
      c.etcd = { restoreFrom: { id: "today", snapshot: "../x.db" } };
    },
    keys: ["cluster.etcd.restoreFrom.snapshot", "cluster.etcd.restoreFrom.sha256"],
  },
  {
    mistake: "mirror in the lab",
    from: lab,
    edit: (c) => {
      c.artifacts = { source: "mirror", location: "https://example.com" };
    },
    keys: ["cluster.artifacts.source"],
  },
];
