import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { parse } from "yaml";
import { USER_DATA_LIMIT_BYTES } from "../../../../providers/aws/hosts/pool-user-data.ts";
import { graphOf, type Registered } from "../../../harness/graph.ts";

// Auto-scaling pools and the stack's bucket, in the whole program's graph under Pulumi's mocks.

// biome-ignore lint/suspicious/noExplicitAny: inputs of resources
type Inputs = any;
const { config } = parse(readFileSync(new URL("../../../../examples/Pulumi.aws-production.yaml", import.meta.url), "utf8"));

function graphWith(edit: (cluster: Inputs) => void = () => {}): Promise<Map<string, Registered>> {
  const cluster = structuredClone(config["ha-kubernetes:cluster"]);
  cluster.pools.burst = {
    autoscaling: { minimum: 0, maximum: 9 },
    labels: { "example.com/disk": "fast" },
    taints: [{ key: "dedicated", value: "batch", effect: "NoSchedule" }],
    aws: { instanceType: "c7g.xlarge", spot: true },
  };
  edit(cluster);
  return graphOf(cluster, undefined, { "aws:region": config["aws:region"] });
}

let graph: Map<string, Registered>;
const one = (type: string, name: string): Registered & { inputs: Inputs } => {
  const found = graph.get(`aws:${type} ${name}`);
  assert.ok(found, `${type} ${name} is in the graph`);
  return found;
};
const policyOf = (name: string) => JSON.parse(one("iam/rolePolicy:RolePolicy", name).inputs.policy).Statement as Inputs[];
before(async () => {
  graph = await graphWith();
});

test("the group: in private subnets of every zone, within its bounds, found by the autoscaler also while it is empty", () => {
  const { inputs, options } = one("autoscaling/group:Group", "pool-burst");
  assert.deepEqual([inputs.minSize, inputs.maxSize], [0, 9]);
  const { zones } = config["ha-kubernetes:cluster"].aws;
  assert.deepEqual(
    inputs.vpcZoneIdentifiers,
    zones.map((zone: string) => `private-${zone}-id`),
  );
  const tags = Object.fromEntries(inputs.tags.map(({ key, value }: Inputs) => [key, value]));
  assert.equal(tags["k8s.io/cluster-autoscaler/enabled"], "true");
  assert.equal(tags["k8s.io/cluster-autoscaler/production"], "owned");
  assert.equal(tags["k8s.io/cluster-autoscaler/node-template/label/example.com/disk"], "fast");
  assert.equal(tags["k8s.io/cluster-autoscaler/node-template/label/ha-kubernetes/pool"], "burst");
  assert.equal(tags["k8s.io/cluster-autoscaler/node-template/taint/dedicated"], "batch:NoSchedule");
  assert.deepEqual(inputs.suspendedProcesses, ["AZRebalance"]);
  assert.ok(
    options.dependencies.some((urn) => /::control-plane-control-1$/.test(urn)),
    "made once its instances find an API",
  );
});

test("its instances: IMDSv2 one hop away, encrypted, by their pool's own role, with nothing secret in their user data", () => {
  const { inputs } = one("ec2/launchTemplate:LaunchTemplate", "pool-burst");
  assert.deepEqual(inputs.metadataOptions, { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 });
  assert.equal(inputs.blockDeviceMappings[0].ebs.encrypted, "true");
  assert.equal(inputs.instanceType, "c7g.xlarge");
  assert.equal(inputs.instanceMarketOptions.marketType, "spot");
  assert.deepEqual(inputs.vpcSecurityGroupIds, ["nodes-id", "worker-id"]);
  const script = Buffer.from(inputs.userData, "base64").toString();
  assert.ok(script.length < USER_DATA_LIMIT_BYTES);
  assert.doesNotMatch(script, /token-of|key of/);
  const { inputs: object } = one("s3/bucketObjectv2:BucketObjectv2", "pool-burst-stages");
  assert.match(script, new RegExp(`^STAGES_URL=https://.*/${object.key}$`, "m"));
  const stages = object.content.trimEnd().split("\n");
  assert.equal(stages.length, 2, "prepare and worker");
  const instanceTags = inputs.tagSpecifications.find(({ resourceType }: Inputs) => resourceType === "instance").tags;
  assert.equal(instanceTags["kubernetes.io/cluster/production"], "owned");
});

test("its role reads its own join token and stages; control planes write that token alone", () => {
  const allowed = policyOf("pool-burst").flatMap(({ Action, Resource }) => [`${Action} ${Resource}`]);
  assert.equal(allowed.length, 2);
  assert.match(
    allowed[0] ?? "",
    /^ssm:GetParameter arn:aws:ssm:[a-z0-9-]+:\*:parameter\/ha-kubernetes\/production\/join\/burst$/,
  );
  assert.match(allowed[1] ?? "", /^s3:GetObject arn:aws:s3:::.*\/pools\/burst\/\*$/);
  const writes = policyOf("control-plane").find(({ Sid }) => Sid === "JoinWrites");
  assert.deepEqual(writes.Action, ["ssm:PutParameter"]);
  const { inputs, options } = one("ssm/parameter:Parameter", "join-burst");
  assert.equal(inputs.type, "SecureString");
  assert.ok(options.ignoreChanges.includes("value"));
});

test("every control plane has the timer for tokens; no worker, and none where no pool scales", async () => {
  const withTimer = (of: Map<string, Registered>) =>
    [...of]
      .filter(([, { inputs }]) => String(inputs.create).includes("ha-kubernetes-join.timer"))
      .map(([key]) => key.split(" ")[1]);
  assert.deepEqual(withTimer(graph).sort(), ["addons-control-1", "addons-control-2", "addons-control-3"]);
  const without = await graphWith((cluster) => {
    delete cluster.pools.burst;
  });
  assert.deepEqual(withTimer(without), []);
  const types = [...without.keys()].map((key) => key.split(" ")[0]);
  assert.ok(!types.some((type) => /launchTemplate|autoscaling|ssm/.test(type ?? "")));
});

test("another setting of workers is another version of the template; a number of instances is not", async () => {
  const userData = () => one("ec2/launchTemplate:LaunchTemplate", "pool-burst").inputs.userData;
  const before = userData();
  const kept = graph;
  graph = await graphWith((cluster) => {
    cluster.pools.burst.autoscaling.maximum = 20;
  });
  assert.equal(userData(), before);
  graph = await graphWith((cluster) => {
    cluster.kubelet = { maxPods: 42 };
  });
  assert.notEqual(userData(), before);
  graph = kept;
});

test("the bucket: closed, encrypted, versioned, with an end to old objects, and it outlives the stack", async () => {
  const bucket = one("s3/bucket:Bucket", "bucket");
  assert.equal(bucket.inputs.bucketPrefix, "production-");
  assert.equal(bucket.inputs.forceDestroy, false);
  const { bucket: _, ...block } = one("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket").inputs;
  assert.deepEqual(Object.values(block), [true, true, true, true]);
  assert.equal(one("s3/bucketVersioning:BucketVersioning", "bucket").inputs.versioningConfiguration.status, "Enabled");
  const { rules } = one("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucket").inputs;
  assert.deepEqual(
    rules.map(({ id, expiration }: Inputs) => [id, expiration?.days]),
    [
      ["etcd", 30],
      ["pools", undefined],
    ],
  );
  const [deny] = JSON.parse(one("s3/bucketPolicy:BucketPolicy", "bucket").inputs.policy).Statement;
  assert.deepEqual([deny.Effect, deny.Condition], ["Deny", { Bool: { "aws:SecureTransport": "false" } }]);
});

test("snapshots go to the stack's bucket, by the roles of etcd's hosts alone; not where the config names another", async () => {
  const holder = Object.values<Inputs>(config["ha-kubernetes:cluster"].hosts).some(
    ({ roles }) => roles.includes("etcd") && !roles.includes("control-plane"),
  )
    ? "etcd"
    : "control-plane";
  const [statement] = policyOf(`backup-${holder}`);
  assert.deepEqual(statement.Action, ["s3:PutObject", "s3:GetObject"]);
  const etcdCommands = (of: Map<string, Registered>) =>
    [...of].filter(([key]) => /Command etcd-/.test(key)).map(([, { inputs }]) => String(inputs.create));
  for (const create of etcdCommands(graph)) assert.match(create, /setting BACKUP_S3_URL=https:\/\/.*\.amazonaws\.com\/etcd$/m);
  const elsewhere = await graphWith((cluster) => {
    delete cluster.pools.burst;
    cluster.etcd = { backup: { copyToS3: { bucket: "mine", region: "eu-central-1" } } };
  });
  assert.ok(![...elsewhere.keys()].some((key) => /^aws:s3/.test(key)));
  for (const create of etcdCommands(elsewhere)) assert.match(create, /BACKUP_S3_URL=https:\/\/mine\.s3\./);
});
