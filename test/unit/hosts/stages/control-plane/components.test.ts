import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { parseCluster } from "../../../../../config/parse.ts";
import { renderStage } from "../../../../../hosts/stage.ts";
import { controlPlaneStage } from "../../../../../hosts/stages/control-plane/control-plane.ts";
import { known, metal, type Written } from "../../../../harness/samples.ts";

const pair = { certificate: "CERTIFICATE\n", key: "KEY\n" };
const authority = { ...pair, trusted: pair.certificate };

function stageOf(edit: (config: Written) => void, secretFiles: Record<string, string> = {}, key = "KEY\n") {
  const config = metal();
  edit(config);
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return controlPlaneStage({
    host: { name: "m1", address: "10.0.0.11" },
    owner: "prod/0011aabb",
    cluster: parsed.cluster,
    endpoint: { address: "10.0.0.10", port: 8443 },
    etcdClientUrls: ["https://10.0.0.11:2379"],
    controlPlanes: ["m1"],
    pki: {
      kubernetes: authority,
      frontProxy: authority,
      serviceAccount: { publicKeys: ["PUBLIC\n"], key },
      etcdAuthority: "CERTIFICATE\n",
      etcdClient: pair,
    },
    kubeletExtraArgs: {},
    secretFiles,
  });
}

type Stage = ReturnType<typeof stageOf>;
const fileOf = (stage: Stage, path: string) => (stage.files ?? []).find((file) => file.path === path);
const kubeadm = (stage: Stage) =>
  parseAllDocuments(fileOf(stage, "/etc/kubernetes/kubeadm.yaml")?.content ?? "")
    .map((document) => document.toJS())
    .find(({ kind }) => kind === "ClusterConfiguration");
const argumentsIn = (component: { extraArgs: { name: string; value: string }[] }) =>
  Object.fromEntries(component.extraArgs.map(({ name, value }) => [name, value]));
const patch = (stage: Stage, component: string) => fileOf(stage, `/etc/kubernetes/patches/${component}+strategic.yaml`)?.content;

const folder = "/etc/kubernetes/kube-apiserver";
const secret = (config: Written) => {
  config.api.files = { "encryption.yaml": { secret: true } };
  config.api.extraArgs = { "encryption-provider-config": `${folder}/encryption.yaml` };
};

test("without files and audit, no component has a volume or a file", () => {
  const stage = stageOf(() => {});
  const { apiServer, controllerManager, scheduler } = kubeadm(stage);
  for (const component of [apiServer, controllerManager, scheduler]) assert.equal(component.extraVolumes, undefined);
  assert.deepEqual(
    (stage.files ?? []).filter(({ path }) => /kube-(apiserver|scheduler|controller-manager)\//.test(path)),
    [],
  );
});

test("the audit log has a policy, a place on the host, and its limits", () => {
  const stage = stageOf((config) => {
    config.api.audit = { maximumAgeDays: 7 };
  });
  const { apiServer } = kubeadm(stage);
  const { "audit-log-path": path, "audit-log-maxage": age, "audit-policy-file": policy } = argumentsIn(apiServer);
  assert.deepEqual([path, age], ["/var/log/kubernetes/kube-apiserver/audit.log", "7"]);
  assert.match(fileOf(stage, policy ?? "")?.content ?? "", /^apiVersion: audit\.k8s\.io\/v1\nkind: Policy\n/);
  const volumes = apiServer.extraVolumes.map((it: Written) => [it.hostPath, it.mountPath, it.readOnly]);
  assert.deepEqual(volumes, [
    [folder, folder, true],
    ["/var/log/kubernetes/kube-apiserver", "/var/log/kubernetes/kube-apiserver", false],
  ]);
});

test("a file that is another restarts its component and no other", () => {
  const of = (content: string) =>
    stageOf((config) => {
      config.scheduler = { files: { "a.conf": { content } } };
    });
  const [before, after] = [of("one"), of("two")];
  assert.notEqual(patch(before, "kube-scheduler"), patch(after, "kube-scheduler"));
  assert.equal(patch(before, "kube-apiserver"), patch(after, "kube-apiserver"));
  assert.equal(patch(before, "kube-controller-manager"), patch(after, "kube-controller-manager"));
  assert.equal(fileOf(after, "/etc/kubernetes/kube-scheduler/a.conf")?.content, "two");
});

test("a secret file is for root alone; its digest in previews changes with its content, and does not follow from that alone", () => {
  const stage = stageOf(secret, { "encryption.yaml": "hunter2" });
  const file = fileOf(stage, `${folder}/encryption.yaml`);
  assert.equal(file?.mode, "0600");
  const line = (of: Stage) => /^# file \S+ \S+ \S+\/encryption\.yaml (\S+)$/m.exec(renderStage(of).create)?.[1];
  assert.notEqual(line(stage), line(stageOf(secret, { "encryption.yaml": "hunter3" })));
  // The same content in a cluster with another key.
  assert.notEqual(line(stage), line(stageOf(secret, { "encryption.yaml": "hunter2" }, "OTHER\n")));
  assert.ok(!renderStage(stage).create.includes("hunter2"));
  assert.notEqual(patch(stage, "kube-apiserver"), patch(stageOf(secret, { "encryption.yaml": "hunter3" }), "kube-apiserver"));
  assert.throws(() => stageOf(secret), /has no encryption\.yaml/);
});

test("a gate goes to each component that has it", () => {
  const stage = stageOf((config) => {
    config.featureGates = { ContextualLogging: false, ControllerManagerReleaseLeaderElectionLockOnExit: true };
  });
  const { apiServer, controllerManager, scheduler } = kubeadm(stage);
  const both = "ContextualLogging=false,ControllerManagerReleaseLeaderElectionLockOnExit=true";
  assert.equal(argumentsIn(apiServer)["feature-gates"], both);
  assert.equal(argumentsIn(controllerManager)["feature-gates"], both);
  assert.equal(argumentsIn(scheduler)["feature-gates"], "ContextualLogging=false");
  assert.match(fileOf(stage, "/var/lib/kubelet/config.yaml")?.content ?? "", /featureGates:\n {2}ContextualLogging: false\n/);
});

test("the scheduler's configuration keeps its kubeconfig", () => {
  const stage = stageOf((config) => {
    config.scheduler = { configuration: { clientConnection: { qps: 100 }, profiles: [{ schedulerName: "packing" }] } };
  });
  const path = argumentsIn(kubeadm(stage).scheduler).config;
  const [document] = parseAllDocuments(fileOf(stage, path ?? "")?.content ?? "");
  assert.deepEqual(document?.toJS(), {
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    clientConnection: { qps: 100, kubeconfig: "/etc/kubernetes/scheduler.conf" },
    profiles: [{ schedulerName: "packing" }],
  });
});
