import type { Bad } from "./samples.ts";
import { lab, metal } from "./samples.ts";

// Settings and versions.

/** Each with its exact message. */
export const badSettings: readonly Bad[] = [
  {
    mistake: "argument that the program sets",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "etcd-servers": "https://10.0.0.99:2379" };
    },
    says: [
      'cluster.api.extraArgs.etcd-servers is "https://10.0.0.99:2379" | allowed: nothing here, because this program sets it | cure: give hosts the role etcd',
    ],
  },
  {
    mistake: "admission without NodeRestriction",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "enable-admission-plugins": "AlwaysPullImages" };
    },
    says: [
      'cluster.api.extraArgs.enable-admission-plugins is "AlwaysPullImages" | allowed: a list that has NodeRestriction too, which keeps every kubelet to its own Node',
    ],
  },
  {
    mistake: "NodeRestriction turned off",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "disable-admission-plugins": "NodeRestriction" };
    },
    says: [
      'cluster.api.extraArgs.disable-admission-plugins is "NodeRestriction" | allowed: a list without NodeRestriction, which keeps every kubelet to its own Node',
    ],
  },
  {
    mistake: "health checks shut out",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "anonymous-auth": "false" };
    },
    says: [
      'cluster.api.extraArgs.anonymous-auth is "false" | allowed: nothing, because balancers and kubelets ask /readyz and /livez without a credential',
    ],
  },
  {
    mistake: "argument with dashes",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "--audit-log-path": "-" };
    },
    says: [
      "cluster.api.extraArgs.--audit-log-path has a name that is not allowed | allowed: an argument's name without the leading --, such as audit-log-path",
    ],
  },
  {
    mistake: "argument of two lines",
    from: metal,
    edit: (c) => {
      c.api.extraArgs = { "audit-log-path": "a\nb" };
    },
    says: ['cluster.api.extraArgs.audit-log-path is "a\\nb" | allowed: text of one line'],
  },
  {
    mistake: "interval no multiple of 10",
    from: metal,
    edit: (c) => {
      c.balancer = { advertisementIntervalMilliseconds: 205 };
    },
    says: ["cluster.balancer.advertisementIntervalMilliseconds is 205 | allowed: a multiple of 10"],
  },
  {
    mistake: "election too short",
    from: metal,
    edit: (c) => {
      c.etcd = { heartbeatMilliseconds: 300 };
    },
    says: ["cluster.etcd.electionMilliseconds is 1000 | allowed: 1500 or more: 5 times cluster.etcd.heartbeatMilliseconds"],
  },
  {
    mistake: "relative data directory",
    from: metal,
    edit: (c) => {
      c.etcd = { dataDirectory: "etcd" };
    },
    says: [
      'cluster.etcd.dataDirectory is "etcd" | allowed: an absolute path of letters, digits and . _ - + : = @ , ~ without . or .. as a part',
    ],
  },
  {
    mistake: "data directory with dots",
    from: metal,
    edit: (c) => {
      c.etcd = { dataDirectory: "/var/../etc" };
    },
    says: [
      'cluster.etcd.dataDirectory is "/var/../etc" | allowed: an absolute path of letters, digits and . _ - + : = @ , ~ without . or .. as a part',
    ],
  },
  {
    mistake: "renewed at every up",
    from: metal,
    edit: (c) => {
      c.certificates = { leafValidityHours: 24 };
    },
    says: [
      "cluster.certificates.renewBeforeHours is 2160 | allowed: less than cluster.certificates.leafValidityHours, 24; otherwise every up makes new certificates",
    ],
  },
  {
    mistake: "leaf outlives its authority",
    from: metal,
    edit: (c) => {
      c.certificates = { authorityValidityHours: 4380 };
    },
    says: [
      "cluster.certificates.leafValidityHours is 8760 | allowed: at most cluster.certificates.authorityValidityHours, 4380; a certificate is worth nothing after its authority's end",
    ],
  },
  {
    mistake: "generations that are not two in a row, and one that issues without being trusted",
    from: metal,
    edit: (c) => {
      c.certificates = { authorities: { etcd: { trust: [1, 3] }, serviceAccount: { trust: [1, 2], issue: 3 } } };
    },
    says: [
      "cluster.certificates.authorities.etcd is { trust: [1, 3], issue: 1 } | allowed: trust: one generation, or two in a row; issue: one of them",
      "cluster.certificates.authorities.serviceAccount is { trust: [1, 2], issue: 3 } | allowed: trust: one generation, or two in a row; issue: one of them",
    ],
  },
  {
    mistake: "label of Kubernetes",
    from: metal,
    edit: (c) => {
      c.pools.general = { labels: { "node-role.kubernetes.io/worker": "" } };
    },
    says: [
      "cluster.pools.general.labels.node-role.kubernetes.io/worker is reserved | allowed: a key outside kubernetes.io and k8s.io, or one below node.kubernetes.io or kubelet.kubernetes.io",
    ],
  },
  {
    mistake: "label value as a truth value",
    from: metal,
    edit: (c) => {
      c.pools.general = { labels: { ssd: true } };
    },
    says: [
      "cluster.pools.general.labels.ssd is true | allowed: a label value: at most 63 letters, digits and inner . _ -, quoted where YAML reads a number or a truth value",
    ],
  },
  {
    mistake: "taint effect",
    from: metal,
    edit: (c) => {
      c.pools.general = { taints: [{ key: "gpu", effect: "NoRun" }] };
    },
    says: ['cluster.pools.general.taints[0].effect is "NoRun" | allowed: one of NoSchedule, PreferNoSchedule, NoExecute'],
  },
  {
    mistake: "unknown reserved resource",
    from: metal,
    edit: (c) => {
      c.kubelet = { systemReserved: { mem: "1Gi" } };
    },
    says: [
      "cluster.kubelet.systemReserved.mem is not a key; did you mean memory? | allowed: cpu, memory, ephemeral-storage, pid",
    ],
  },
  {
    mistake: "quantity",
    from: metal,
    edit: (c) => {
      c.kubelet = { systemReserved: { memory: "1 GB" } };
    },
    says: [
      'cluster.kubelet.systemReserved.memory is "1 GB" | allowed: an amount of bytes such as 512Mi or 1Gi, with Ki, Mi, Gi, Ti or k, M, G, T',
    ],
  },
  {
    mistake: "sysctl",
    from: metal,
    edit: (c) => {
      c.hostPreparation = { extraSysctl: { somaxconn: "1024" } };
    },
    says: [
      "cluster.hostPreparation.extraSysctl.somaxconn has a name that is not allowed | allowed: a sysctl such as net.core.somaxconn",
    ],
  },
  {
    mistake: "switch as text",
    from: metal,
    edit: (c) => {
      c.hostPreparation = { swap: "off" };
    },
    says: ['cluster.hostPreparation.swap is "off" | allowed: true or false'],
  },
  {
    mistake: "mirror without a scheme",
    from: metal,
    edit: (c) => {
      c.containerRuntime = { registryMirrors: { "docker.io": ["mirror.example.com"] } };
    },
    says: [
      'cluster.containerRuntime.registryMirrors.docker.io[0] is "mirror.example.com" | allowed: an http or https URL such as https://mirror.example.com, without user, password or query',
    ],
  },
  {
    mistake: "mirror source without a URL",
    from: metal,
    edit: (c) => {
      c.artifacts = { source: "mirror" };
    },
    says: [
      "cluster.artifacts.location is missing | allowed: the mirror's http or https URL, because cluster.artifacts.source is mirror",
    ],
  },
  {
    mistake: "bundle without a manifest",
    from: metal,
    edit: (c) => {
      c.artifacts = { source: "bundle" };
    },
    says: [
      "cluster.artifacts.manifest is missing | allowed: the path of the bundle's manifest.json | cure: npm run bundle writes it beside the bundle's files",
    ],
  },
  {
    mistake: "bundle at a URL",
    from: metal,
    edit: (c) => {
      c.artifacts = { source: "bundle", manifest: "b/manifest.json", location: "https://example.com/b" };
    },
    says: [
      'cluster.artifacts.location is "https://example.com/b" | allowed: an absolute path on the hosts, because cluster.artifacts.source is bundle',
    ],
  },
  {
    mistake: "location without a source",
    from: metal,
    edit: (c) => {
      c.artifacts = { location: "https://example.com" };
    },
    says: [
      'cluster.artifacts.location is "https://example.com" | allowed: nothing, because cluster.artifacts.source is official | cure: set the source to mirror or bundle',
    ],
  },
  {
    mistake: "snapshots among etcd's data, their copies among the snapshots",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { directory: "/var/lib/etcd/snapshots", copyToDirectory: "/var/lib/etcd/snapshots/copies" } };
    },
    says: [
      'cluster.etcd.backup.directory is "/var/lib/etcd/snapshots" | allowed: a directory apart from cluster.etcd.dataDirectory, /var/lib/etcd, which is emptied when the host leaves',
      'cluster.etcd.backup.copyToDirectory is "/var/lib/etcd/snapshots/copies" | allowed: a directory apart from cluster.etcd.dataDirectory, /var/lib/etcd, which is emptied when the host leaves',
    ],
  },
  {
    mistake: "SSH target without a pinned host key",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToSsh: { host: "nas", user: "backup", directory: "/srv" } } };
    },
    says: [
      "cluster.etcd.backup.copyToSsh.hostKey is missing | allowed: a public key line such as ssh-ed25519 AAAA…, as in the host's /etc/ssh/ssh_host_ed25519_key.pub",
    ],
  },
  {
    mistake: "copies to S3 of more than one upload holds, in a bucket that has no https name",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToS3: { bucket: "Backups.prod", region: "Frankfurt", prefix: "/etcd/" } } };
    },
    says: [
      'cluster.etcd.backup.copyToS3.bucket is "Backups.prod" | allowed: 3 to 63 lower-case letters, digits and inner hyphens',
      'cluster.etcd.backup.copyToS3.region is "Frankfurt" | allowed: a region of AWS such as eu-central-1',
      'cluster.etcd.backup.copyToS3.prefix is "/etcd/" | allowed: names of letters, digits, _ and - parted by slashes, such as etcd/prod',
    ],
  },
  {
    mistake: "snapshots that may be bigger than S3 takes at once",
    from: metal,
    edit: (c) => {
      c.etcd = { quotaMebibytes: 8192, backup: { copyToS3: { bucket: "prod-backups", region: "eu-central-1" } } };
    },
    says: [
      "cluster.etcd.quotaMebibytes is 8192 | allowed: at most 5120 with cluster.etcd.backup.copyToS3 or the bucket of provider aws: S3 takes 5 GiB in one upload, and a snapshot is as big as the data",
    ],
  },
  {
    mistake: "restore of a snapshot that is not pinned, above the directory it is in",
    from: metal,
    edit: (c) => {
      c.etcd = { restoreFrom: { id: "today", snapshot: "../x.db" } };
    },
    says: [
      'cluster.etcd.restoreFrom.snapshot is "../x.db" | allowed: an absolute path of letters, digits and . _ - + : = @ , ~, or a file\'s name of letters, digits and . _ -',
      "cluster.etcd.restoreFrom.sha256 is missing | allowed: 64 lower-case hex digits, as sha256sum prints them",
    ],
  },
  {
    mistake: "mirror in the lab",
    from: lab,
    edit: (c) => {
      c.artifacts = { source: "mirror", location: "https://example.com" };
    },
    says: ['cluster.artifacts.source is "mirror" | allowed: bundle or nothing, because the lab always uses a bundle'],
  },
];
