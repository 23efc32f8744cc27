import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addonObjects } from "../../../../../addons/addon.ts";
import { lockedImage } from "../../../../../artifacts/images.ts";
import { knownVersions } from "../../../../../artifacts/known-versions.ts";
import { resolveVersions } from "../../../../../artifacts/lock.ts";
import { buildsOfImages } from "../../../../../artifacts/recipes.ts";
import type { Cluster } from "../../../../../config/schema.ts";
import { manifest } from "../../../../../hosts/stages/addons/addons.ts";
import { awsLock } from "../../../../../providers/aws/addons/lock.ts";
import { awsAddons } from "../../../../../providers/aws/addons/registry.ts";
import {
  autoscalerStatements,
  backupStatements,
  cloudControllerStatements,
  ebsCsiStatements,
  joinReaderStatements,
  joinWriterStatements,
  type Statement,
} from "../../../../../providers/aws/policies.ts";
import { golden } from "../../../../harness/golden.ts";
import { clusterFrom } from "../../../../harness/samples.ts";

const host = { address: "10.0.0.1", roles: ["etcd", "control-plane"] };
const cluster = (more: object = {}): Cluster =>
  clusterFrom({
    name: "prod",
    provider: "aws",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.0.0.0/16"],
    api: { domainName: "api.example.com" },
    hosts: { m1: host, m2: host, m3: host },
    ...more,
  });

// biome-ignore lint/suspicious/noExplicitAny: manifests are read field by field
type Read = any;
const scaling = (): Cluster => ({ ...cluster(), pools: { burst: { autoscaling: { minimum: 0, maximum: 3 } } } as Read });
const byAddon = (cluster: Cluster, kmsKey?: string): [string, Read[]][] =>
  awsAddons({ region: "eu-central-1", kmsKey }).map((addon) => [
    addon.name,
    addonObjects(addon, { cluster, ...resolveVersions(cluster), apiUrl: "https://api.example.com:6443" }) ?? [],
  ]);
const objects = (of: Cluster, kmsKey?: string): Read[] => byAddon(of, kmsKey).flatMap(([, made]) => made);
const find = (all: Read[], kind: string, name: string): Read => {
  const found = all.filter((object) => object.kind === kind && object.metadata.name === name);
  assert.equal(found.length, 1, `${found.length} objects ${kind} ${name}`);
  return found[0];
};
const podSpecs = (all: Read[]) => all.flatMap(({ spec }) => (spec?.template ? [spec.template.spec] : []));

test("the lock has what AWS adds for every Kubernetes version from 1.35 on, the cloud controller and the autoscaler of its own minor version", () => {
  // 1.34 is there as a beginning of upgrades elsewhere.
  for (const kubernetesVersion of knownVersions().kubernetes.filter((version) => !version.startsWith("1.34."))) {
    const minor = kubernetesVersion.split(".").slice(0, 2).join(".");
    const images = podSpecs(objects(cluster({ kubernetesVersion }))).flatMap(({ containers }) =>
      containers.map((it: Read) => it.image),
    );
    assert.equal(images.length, 9);
    for (const image of images) assert.match(image, /^registry\.k8s\.io\/.+:v\d+\.\d+\.\d+$/);
    assert.ok(images[0].startsWith(`registry.k8s.io/provider-aws/cloud-controller-manager:v${minor}.`), images[0]);
    assert.match(awsLock.versions?.[minor]?.["cluster-autoscaler"] ?? "", new RegExp(`^${minor.replace(".", "\\.")}\\.`));
  }
});

test("the cloud controller, which control planes can't do without, can be built for each Kubernetes version", () => {
  for (const minor of Object.keys(awsLock.versions ?? {})) {
    const { versions } = resolveVersions(cluster());
    const controller = lockedImage("aws-cloud-controller-manager", { ...versions, kubernetes: `${minor}.0` }, awsLock);
    assert.equal(buildsOfImages([controller]).length, 1);
  }
});

test("every image has a digest or the word unknown", () => {
  for (const { digests } of Object.values(awsLock.images))
    for (const digest of Object.values(digests)) assert.match(digest, /^(sha256:[0-9a-f]{64}|unknown)$/);
});

test("a control plane gets the manifests of every add-on", () => {
  const key = "arn:aws:kms:eu-central-1:111122223333:key/1234";
  for (const [name, made] of byAddon(scaling(), key)) golden(`addons/${name}.yaml`, manifest(made));
});

test("what makes a node usable runs before any node is", () => {
  const { spec } = find(objects(cluster()), "DaemonSet", "aws-cloud-controller-manager").spec.template;
  const tolerated = spec.tolerations.map(({ key }: Read) => key);
  for (const taint of ["node.cloudprovider.kubernetes.io/uninitialized", "node-role.kubernetes.io/control-plane"]) {
    assert.ok(tolerated.includes(taint), taint);
  }
  assert.equal(spec.dnsPolicy, "Default");
  assert.ok(spec.containers[0].args.includes("--configure-cloud-routes=false"));
});

test("only pods on control planes and in the host's network speak to AWS", () => {
  const all = objects(cluster());
  for (const [kind, name] of [
    ["DaemonSet", "aws-cloud-controller-manager"],
    ["Deployment", "ebs-csi-controller"],
  ] as const) {
    const { spec } = find(all, kind, name).spec.template;
    assert.equal(spec.hostNetwork, true, name);
    assert.deepEqual(spec.nodeSelector, { "node-role.kubernetes.io/control-plane": "" });
    for (const { securityContext } of spec.containers) assert.equal(securityContext.runAsNonRoot, true);
  }
  const node = find(all, "DaemonSet", "ebs-csi-node").spec.template.spec;
  assert.equal(node.hostNetwork, undefined);
  assert.ok(node.containers[0].args.includes("--metadata-sources=kubernetes"));
});

test("host ports of pods in the host's network differ", () => {
  const ports = podSpecs(objects(scaling())).flatMap(({ hostNetwork, containers }) =>
    hostNetwork ? containers.flatMap((it: Read) => (it.ports ?? []).map((port: Read) => port.containerPort)) : [],
  );
  assert.equal(new Set(ports).size, ports.length, ports.join());
});

test("the default class: encrypted gp3 in the zone of its pod's node, with a key of one's own where there is one", () => {
  const defaults = (all: Read[]) =>
    all.filter(({ metadata }) => metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true");
  const [gp3, ...others] = defaults(objects(cluster()));
  assert.equal(others.length, 0);
  assert.deepEqual(gp3.parameters, { type: "gp3", encrypted: "true", "csi.storage.k8s.io/fstype": "ext4" });
  assert.equal(gp3.volumeBindingMode, "WaitForFirstConsumer");
  const key = "arn:aws:kms:eu-central-1:111122223333:key/1234";
  assert.equal(defaults(objects(cluster(), key))[0].parameters.kmsKeyId, key);
  assert.deepEqual(defaults(objects(cluster({ addons: { ebsCsi: false } }))), []);
});

test("the autoscaler comes with the first pool that scales, and finds groups by the cluster's name", () => {
  assert.doesNotMatch(JSON.stringify(objects(cluster())), /cluster-autoscaler/);
  const { replicas, template } = find(objects(scaling()), "Deployment", "cluster-autoscaler").spec;
  assert.equal(replicas, 2);
  assert.ok(
    template.spec.containers[0].args.includes(
      "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/prod",
    ),
  );
});

test("policies: whatever changes something is held to the cluster's own by a condition or a name", () => {
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
  const region = fc.constantFrom("eu-central-1", "us-gov-west-1", "cn-north-1");
  fc.assert(
    fc.property(name, name, region, (cluster, pool, region) => {
      const scope = { cluster, region };
      const statements: Statement[] = [
        ...cloudControllerStatements(scope),
        ...ebsCsiStatements({ ...scope, kmsKey: `arn:aws:kms:${region}:1:key/2` }),
        ...autoscalerStatements(scope),
        ...joinWriterStatements(scope, [pool]),
        ...joinReaderStatements(scope, pool),
        ...backupStatements(scope, { bucket: "b", prefix: "etcd" }),
      ];
      assert.equal(new Set(statements.map(({ Sid }) => Sid)).size, statements.length);
      for (const { Sid, Action, Resource, Condition } of statements) {
        assert.match(Sid, /^[A-Za-z0-9]+$/);
        for (const action of Action) {
          assert.match(action, /^[a-z0-9]+:[A-Za-z]+$/, "no wildcard");
          const reads = /:(Describe|Get)/.test(action);
          const named = [Resource].flat().every((arn) => !arn.endsWith("*") || arn.endsWith("/etcd/*"));
          // A new group is made in some VPC; the group itself is held by its tag.
          assert.ok(reads || named || Condition !== undefined || Sid === "CloudControllerMakesGroupsInVpc", `${Sid} ${action}`);
        }
      }
    }),
  );
});

test("policies: nothing that volumes' statements allow matches an etcd member's volume", () => {
  const etcdVolume: Record<string, string> = { Name: "prod-etcd-volume-m1", "kubernetes.io/cluster/prod": "owned" };
  for (const { Sid, Resource, Condition } of ebsCsiStatements({ cluster: "prod", region: "eu-central-1" })) {
    if (!String(Resource).includes(":volume/")) continue;
    const tags = Object.entries(Condition?.StringEquals ?? {}).filter(([key]) => key.startsWith("aws:ResourceTag/"));
    const asked = Object.keys(Condition?.StringEquals ?? {}).some((key) => key.startsWith("aws:RequestTag/"));
    assert.ok(asked || tags.some(([key, value]) => etcdVolume[key.replace("aws:ResourceTag/", "")] !== value), Sid);
  }
});

test("policies: a pool's instances read their own pool's join data alone", () => {
  const scope = { cluster: "prod", region: "eu-central-1" };
  const [read] = joinReaderStatements(scope, "burst");
  assert.deepEqual(read?.Action, ["ssm:GetParameter"]);
  assert.equal(read?.Resource, "arn:aws:ssm:eu-central-1:*:parameter/ha-kubernetes/prod/join/burst");
  assert.deepEqual(joinWriterStatements(scope, []), []);
});
