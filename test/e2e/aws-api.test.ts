// the whole program against a stand-in for AWS's API: up creates everything there, destroy leaves nothing, and mistakes are refused
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { stringify } from "yaml";
import { type Clients, makeClients } from "../aws/clients.ts";
import { exampleConfig, infrastructureProgram, makeExisting } from "../aws/infrastructure.ts";
import { everything } from "../aws/left.ts";
import { type Moto, region, startMoto } from "../aws/moto.ts";
import { allowedBy, operatorPolicy, unusedOf } from "../aws/policy.ts";
import { TestProject } from "../harness/project.ts";
import { scratch } from "../harness/scratch.ts";

let moto: Moto;
let clients: Clients;
let fresh: string[];
const folder = scratch();
/** Every call that the provider made, as the IAM action that it needs. */
const calls = join(folder, "calls");

before(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.environment);
  clients = makeClients();
  fresh = await everything(clients);
  writeFileSync(calls, "");
});
after(async () => {
  await moto.stop();
});

/** What the account has and a new one does not. */
async function made(): Promise<string[]> {
  return (await everything(clients)).filter((line) => !fresh.includes(line));
}

suite("the tests' provider", () => {
  const resource = (type: string, name: string, inputs: string, options = "{}") =>
    `const ${name} = new Resource("${type}", "${name}", ${inputs}, ${options});\n`;
  const programOf = (...lines: string[]) =>
    [
      "class Resource extends pulumi.CustomResource {",
      "  constructor(type: string, name: string, inputs: object, options: object) { super(type, name, inputs, options); }",
      "}",
      ...lines,
    ].join("\n");
  const project = (...lines: string[]) => new TestProject(programOf(...lines), "test/aws/engine.ts");
  const vpc = (more = "", options?: string) => resource("aws:ec2/vpc:Vpc", "vpc", `{ cidrBlock: "10.0.0.0/16"${more} }`, options);
  const subnet = (cidr: string) => resource("aws:ec2/subnet:Subnet", "subnet", `{ vpcId: vpc.id, cidrBlock: "${cidr}" }`);

  test("up creates, a second up changes nothing, another range replaces the subnet, destroy leaves nothing", async () => {
    const stack = project(vpc(), subnet("10.0.1.0/24"));
    const first = await stack.run(["up"]);
    assert.equal(first.code, 0, first.text);
    const [one, ...others] = (await made()).filter((line) => line.startsWith("subnet "));
    assert.deepEqual(others, []);
    const second = await stack.run(["up"]);
    assert.match(second.text, /3 unchanged/);
    stack.program(programOf(vpc(), subnet("10.0.2.0/24")));
    const replaced = await stack.run(["up"]);
    assert.match(replaced.text, /1 replaced/);
    const now = (await made()).filter((line) => line.startsWith("subnet "));
    assert.equal(now.length, 1);
    assert.notEqual(now[0], one);
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("tags change in place; preview and up refuse what can't change in place", async () => {
    const stack = project(vpc());
    assert.equal((await stack.run(["up"])).code, 0);
    stack.program(programOf(vpc(`, tags: { Name: "mine" }`)));
    assert.match((await stack.run(["up"])).text, /1 updated/);
    const { Vpcs = [] } = await clients.ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: "tag:Name", Values: ["mine"] }] }));
    assert.equal(Vpcs.length, 1);
    stack.program(programOf(vpc(`, tags: { Name: "mine" }, enableDnsHostnames: true`)));
    for (const verb of ["preview", "up"]) {
      const refused = await stack.run([verb]);
      assert.notEqual(refused.code, 0, refused.text);
      assert.match(refused.text, /enableDnsHostnames: the tests' provider can't change this of aws:ec2\/vpc:Vpc in place/);
    }
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("wrong arguments fail: an unknown input, a missing one, a range outside the VPC; resources made before are deleted", async () => {
    for (const [inputs, message] of [
      [`{ cidrBlock: "10.0.0.0/16", tenancy: "x" }`, /property tenancy .*is not known/],
      ["{}", /property cidrBlock .*is missing/],
    ] as const) {
      const wrong = await project(resource("aws:ec2/vpc:Vpc", "vpc", inputs)).run(["preview"]);
      assert.notEqual(wrong.code, 0, wrong.text);
      assert.match(wrong.text, message);
    }
    const stack = project(vpc(), subnet("192.168.0.0/24"));
    const failed = await stack.run(["up"]);
    assert.notEqual(failed.code, 0, failed.text);
    assert.match(failed.text, /InvalidSubnet\.Range/);
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("protect is honored", async () => {
    const stack = project(vpc("", "{ protect: true }"));
    assert.equal((await stack.run(["up"])).code, 0);
    const refused = await stack.run(["destroy"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.text, /vpc" cannot be deleted[\s\S]*because it is protected/);
    assert.equal((await made()).filter((line) => line.startsWith("vpc ")).length, 1);
    stack.program(programOf(vpc()));
    assert.equal((await stack.run(["up"])).code, 0);
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("without the provider of the tests, the program needs Pulumi's aws plugin", async () => {
    const stack = new TestProject(programOf(vpc()));
    const refused = await stack.run(["up"], { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" });
    assert.notEqual(refused.code, 0);
    assert.match(refused.text, /aws/);
    assert.deepEqual(await made(), []);
  });

  test("the state may be in S3: up, a second up that changes nothing, destroy", async () => {
    await clients.s3.send(
      new CreateBucketCommand({ Bucket: "states", CreateBucketConfiguration: { LocationConstraint: region } }),
    );
    const host = moto.endpoint.replace("http://", "");
    const environment = {
      PULUMI_BACKEND_URL: `s3://states?endpoint=${host}&disableSSL=true&s3ForcePathStyle=true&region=${region}`,
    };
    const stack = new TestProject('new local.Command("a", { create: say("made"), delete: say("undone") });');
    const first = await stack.run(["up"], environment);
    assert.equal(first.code, 0, first.text);
    assert.match((await stack.run(["up"], environment)).text, /2 unchanged/);
    assert.equal((await stack.run(["destroy"], environment)).code, 0);
    assert.deepEqual(stack.happened(), ["made", "undone"]);
    assert.ok(!existsSync(join(stack.folder, "state")));
    const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket: "states" }));
    assert.ok(Contents.some(({ Key }) => Key === ".pulumi/stacks/probe/dev.json"));
    for (const { Key } of Contents) await clients.s3.send(new DeleteObjectCommand({ Bucket: "states", Key }));
    await clients.s3.send(new DeleteBucketCommand({ Bucket: "states" }));
  });
});

suite("the examples", () => {
  for (const file of globSync("examples/Pulumi.aws-*.yaml", { cwd: new URL("../../", import.meta.url).pathname })) {
    test(`${file}: up creates everything, a second up changes nothing, a new generation replaces one instance, destroy leaves nothing`, async () => {
      const manifest = join(folder, "manifest.json");
      writeFileSync(manifest, JSON.stringify({ files: {} }));
      const { config, cluster, region } = exampleConfig(file.replace("examples/", ""), manifest);
      const environment = { AWS_REGION: region, HA_KUBERNETES_TEST_AWS_CALLS: calls };
      Object.assign(process.env, { AWS_REGION: region });
      const here = makeClients();
      await makeExisting(here, cluster);
      const before = await everything(here);
      const left = async () => (await everything(here)).filter((line) => !before.includes(line));
      const stack = new TestProject("", "test/aws/engine.ts");
      stack.write("index.ts", infrastructureProgram);
      const configure = () => stack.write("Pulumi.dev.yaml", stringify({ config }));
      configure();
      const first = await stack.run(["up"], environment);
      assert.equal(first.code, 0, first.text);
      const instances = async () => (await left()).filter((line) => line.startsWith("instance i-"));
      const hosts = Object.keys(cluster.hosts).length + (cluster.aws.ssh?.bastion ? 1 : 0);
      const was = await instances();
      assert.equal(was.length, hosts);
      assert.match((await stack.run(["up"], environment)).text, /\b\d+ unchanged/);
      const [host = ""] = Object.keys(cluster.hosts);
      cluster.hosts[host] = { ...cluster.hosts[host], aws: { ...cluster.hosts[host].aws, generation: 2 } };
      configure();
      const replaced = await stack.run(["up"], environment);
      assert.equal(replaced.code, 0, replaced.text);
      assert.match(replaced.text, new RegExp(`instance-${host} .*replaced`));
      assert.equal((await instances()).filter((line) => !was.includes(line)).length, 1);
      if (cluster.aws.etcdVolume?.protect) {
        assert.match((await stack.run(["destroy"], environment)).text, /etcd-volume-\S+" cannot be deleted/);
        cluster.aws.etcdVolume.protect = false;
        configure();
        assert.equal((await stack.run(["up"], environment)).code, 0);
      }
      const gone = await stack.run(["destroy"], environment);
      assert.equal(gone.code, 0, gone.text);
      assert.deepEqual(await left(), []);
    });
  }

  test("examples/aws-policy.json allows every call that was made, and lists nothing that no call needs", () => {
    const made = [...new Set(readFileSync(calls, "utf8").trim().split("\n"))].sort();
    assert.ok(made.length > 60, `${made.length} kinds of calls are too few to be all`);
    assert.deepEqual(
      made.filter((action) => !allowedBy(operatorPolicy, action)),
      [],
      "not allowed",
    );
    assert.deepEqual(unusedOf(operatorPolicy, made), [], "not needed");
  });
});
