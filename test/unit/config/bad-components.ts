import { type Bad, bad } from "./bad-sample.ts";

// Arguments, files and settings of components.

const argument = (section: string, name: string, ...values: string[]): Bad[] =>
  values.map((value) =>
    bad(
      `${section} --${name}=${value}`,
      (c) => {
        c[section] = { extraArgs: { [name]: value } };
      },
      `cluster.${section}.extraArgs.${name}`,
    ),
  );

const policy = { rules: [{ level: "Metadata" }] };
const keys = { resources: [{ resources: ["secrets"], providers: [{ secretbox: { keys: [{ name: "a", secret: "eA==" }] } }] }] };

export const badComponents: readonly Bad[] = [
  ...argument("controllerManager", "cluster-cidr", "10.0.0.0/8"),
  ...argument("controllerManager", "leader-elect", "false"),
  ...argument("controllerManager", "node-monitor-period", "5"),
  ...argument("controllerManager", "concurrent-job-syncs", "many"),
  ...argument("controllerManager", "version", "true"),
  ...argument("scheduler", "config", "/etc/scheduler.yaml"),
  ...argument("scheduler", "kube-api-qps", "fast"),
  ...argument("scheduler", "profiling", "on"),
  ...argument("etcd", "data-dir", "/srv/etcd"),
  ...argument("etcd", "force-new-cluster", "true"),
  ...argument("etcd", "unsafe-no-fsync", "true"),
  ...argument("etcd", "strict-reconfig-check", "false"),
  ...argument("etcd", "version", "true"),
  bad(
    "arguments that keys of their own set, too",
    (c) => {
      c.featureGates = { ContextualLogging: false };
      c.api = { ...c.api, audit: {}, maxRequestsInflight: 800 };
      c.api.extraArgs = { "max-requests-inflight": "900", "audit-log-maxage": "3" };
      c.controllerManager = { kubeApiQps: 50, extraArgs: { "kube-api-qps": "60" } };
      c.scheduler = { extraArgs: { "feature-gates": "ContextualLogging=true" } };
    },
    "cluster.api.extraArgs.max-requests-inflight",
    "cluster.api.extraArgs.audit-log-maxage",
    "cluster.controllerManager.extraArgs.kube-api-qps",
    "cluster.scheduler.extraArgs.feature-gates",
  ),
  bad(
    "files without a content, and with a secret one in clear",
    (c) => {
      c.api.files = { "a.yaml": {}, "b.yaml": { secret: true, content: "x" } };
    },
    "cluster.api.files.a.yaml",
    "cluster.api.files.b.yaml",
  ),
  bad(
    "keys for encryption in clear",
    (c) => {
      c.api.files = {
        "text.yaml": {
          content: "kind: EncryptionConfiguration\nresources: [{providers: [{aescbc: {keys: [{name: a, secret: eA==}]}}]}]",
        },
        "mapping.yaml": { content: { kind: "EncryptionConfiguration", ...keys } },
      };
    },
    "cluster.api.files.text.yaml",
    "cluster.api.files.mapping.yaml",
  ),
  bad(
    "secrets in clear, in JSON, in a file of tokens, in kubeconfigs and in a text",
    (c) => {
      const folder = "/etc/kubernetes/kube-apiserver";
      const user = (of: object) => ({ kind: "Config", users: [{ name: "a", user: of }] });
      c.api.files = {
        "keys.json": { content: JSON.stringify({ kind: "EncryptionConfiguration", ...keys }) },
        "kindless.yaml": { content: `{"resources":[{"providers":[{"aescbc":{"keys":[{"name":"a","secret":"eA=="}]}}]}]}` },
        "tokens.csv": { content: "0123456789abcdef,anna,1000" },
        "audit.yaml": { content: user({ token: "abc" }) },
        "admission.yaml": { content: JSON.stringify(user({ password: "abc", username: "a" })) },
        "image-policy.yaml": { content: `a: b\n---\nusers: [{user: {"client-key-data": eA==}}]` },
        "fine.yaml": { content: user({ "client-key": "/etc/kubernetes/pki/a.key", tokenFile: "/a" }) },
      };
      c.api.extraArgs = {
        "encryption-provider-config": `${folder}/kindless.yaml`,
        "token-auth-file": `${folder}//tokens.csv`,
      };
      c.controllerManager = { files: { "cloud.conf": { content: "[Global]\nuser = a\npassword = hunter2\n" } } };
    },
    "cluster.api.files.keys.json",
    "cluster.api.files.kindless.yaml",
    "cluster.api.files.tokens.csv",
    "cluster.api.files.audit.yaml",
    "cluster.api.files.admission.yaml",
    "cluster.api.files.image-policy.yaml",
    "cluster.controllerManager.files.cloud.conf",
  ),
  bad(
    "names of files that the program writes, and one name for two secrets",
    (c) => {
      c.api = { ...c.api, audit: { policy }, files: { "audit-policy.yaml": { content: "x" }, "a.key": { secret: true } } };
      c.scheduler = {
        configuration: { profiles: [] },
        files: { "configuration.yaml": { content: "x" }, "a.key": { secret: true } },
      };
    },
    "cluster.api.files.audit-policy.yaml",
    "cluster.scheduler.files.configuration.yaml",
    "cluster.scheduler.files.a.key",
  ),
  bad(
    "arguments that name a file which is not there",
    (c) => {
      c.api.files = { "admission.yaml": { content: { kind: "AdmissionConfiguration" } } };
      c.api.extraArgs = { "admission-control-config-file": "/etc/kubernetes/kube-apiserver/admision.yaml" };
      c.controllerManager = { extraArgs: { "cloud-config": "/etc/kubernetes/kube-controller-manager/cloud.conf" } };
    },
    "cluster.api.extraArgs.admission-control-config-file",
    "cluster.controllerManager.extraArgs.cloud-config",
  ),
  bad(
    "audit policies that kube-apiserver does not take",
    (c) => {
      c.api.audit = { policy: { apiVersion: "audit.k8s.io/v1beta1", omitStages: ["Recieved"], rules: "Metadata" } };
    },
    "cluster.api.audit.policy.apiVersion",
    "cluster.api.audit.policy.rules",
    "cluster.api.audit.policy.omitStages",
  ),
  bad(
    "an audit policy without rules, and with one of no level",
    (c) => {
      c.api.audit = { policy: { rules: [] } };
    },
    "cluster.api.audit.policy.rules",
  ),
  bad(
    "feature gates of a later release",
    (c) => {
      c.kubernetesVersion = "1.36.3";
      c.featureGates = { AtomicWriteVolumeUserFields: true, GangScheduling: false };
    },
    "cluster.featureGates.AtomicWriteVolumeUserFields",
  ),
  bad(
    "feature gates of an earlier release",
    (c) => {
      c.kubernetesVersion = "1.37.2";
      c.featureGates = {};
      c.scheduler = { extraArgs: { "feature-gates": "GangScheduling=true" } };
    },
    "cluster.scheduler.extraArgs.feature-gates",
  ),
  bad(
    "audit policies in files",
    (c) => {
      c.api.files = { "a.yaml": { content: "kind: Policy\nrules: [{level: Metadata}, {level: All}]\n" } };
      c.api.extraArgs = { "audit-policy-file": "/etc/kubernetes/kube-apiserver/a.yaml" };
    },
    "cluster.api.files.a.yaml.content.rules[1]",
  ),
  bad(
    "fields of policies and configurations that the program writes",
    (c) => {
      c.api.audit = { policy: { kind: "Policy" } };
      c.scheduler = {
        configuration: { kind: "X", clientConnection: { kubeconfig: "/x" }, leaderElection: { leaderElect: false } },
      };
    },
    "cluster.api.audit.policy.kind",
    "cluster.scheduler.configuration.kind",
    "cluster.scheduler.configuration.clientConnection.kubeconfig",
    "cluster.scheduler.configuration.leaderElection.leaderElect",
  ),
  bad(
    "fields of kubelet and kube-proxy that are taken",
    (c) => {
      c.kubelet = { extraConfig: { maxPods: 9, staticPodPath: "/x" } };
      c.kubeProxy = { extraConfig: { mode: "ipvs", conntrack: { min: 1, tcpBeLiberal: true } } };
    },
    "cluster.kubelet.extraConfig.maxPods",
    "cluster.kubelet.extraConfig.staticPodPath",
    "cluster.kubeProxy.extraConfig.mode",
    "cluster.kubeProxy.extraConfig.conntrack.min",
  ),
  bad(
    "settings of a kube-proxy that is not there",
    (c) => {
      c.network = { plugin: "none", kubeProxyMode: "none" };
      c.kubeProxy = { conntrackMin: 4096 };
    },
    "cluster.kubeProxy",
  ),
  bad(
    "containerd's own settings, and another version",
    (c) => {
      c.containerRuntime = {
        extraConfig: "version = 2\nimports = []\n[plugins.a]\n  SystemdCgroup = false\n",
        runtimes: { runc: { program: "/usr/bin/crun" } },
      };
    },
    "cluster.containerRuntime.extraConfig",
    "cluster.containerRuntime.extraConfig",
    "cluster.containerRuntime.extraConfig",
    "cluster.containerRuntime.runtimes.runc",
  ),
  bad(
    "managers without anything reserved",
    (c) => {
      c.kubelet = { cpuManagerPolicy: "static", memoryManagerPolicy: "Static" };
    },
    "cluster.kubelet.cpuManagerPolicy",
    "cluster.kubelet.memoryManagerPolicy",
  ),
  bad(
    "thresholds that don't fit each other",
    (c) => {
      c.kubelet = {
        evictionSoft: { "memory.available": "1Gi" },
        evictionSoftGracePeriod: { "nodefs.available": "2m" },
        imageGcLowThresholdPercent: 90,
        shutdownGracePeriodSeconds: 10,
      };
    },
    "cluster.kubelet.evictionSoft.memory.available",
    "cluster.kubelet.evictionSoftGracePeriod.nodefs.available",
    "cluster.kubelet.imageGcLowThresholdPercent",
    "cluster.kubelet.shutdownGracePeriodCriticalPodsSeconds",
  ),
  bad(
    "contents, gates, signals and mappings of the wrong form",
    (c) => {
      c.api.files = { "../a": { content: "x" }, "b.yaml": { content: 7 } };
      c.api.audit = { policy: "Metadata" };
      c.featureGates = { "context-logging": true };
      c.kubelet = { evictionHard: { memory: "1Gi", "pid.available": "few" }, extraConfig: [] };
    },
    "cluster.api.audit.policy",
    "cluster.api.files.../a",
    "cluster.api.files.b.yaml.content",
    "cluster.featureGates.context-logging",
    "cluster.kubelet.evictionHard.pid.available",
    "cluster.kubelet.evictionHard.memory",
    "cluster.kubelet.extraConfig",
  ),
];
