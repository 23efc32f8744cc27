// the whole program against an implementation of AWS's API: up makes everything there, destroy leaves nothing, mistakes are refused
import assert from "node:assert/strict";
import { after, before, suite, type TestContext, test } from "node:test";
import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { type Clients, makeClients } from "../aws/clients.ts";
import { everything } from "../aws/left.ts";
import { type Moto, startMoto } from "../aws/moto.ts";
import { TestProject } from "../unit/engine/program.ts";

let moto: Moto;
let clients: Clients;
let fresh: string[];

before(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.environment);
  clients = makeClients();
  fresh = await everything(clients);
});
after(() => moto.stop());

/** What the account has that a new one has not. */
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
  const project = (context: TestContext, ...lines: string[]) =>
    new TestProject(context, programOf(...lines), "test/aws/engine.ts");
  const vpc = (more = "", options?: string) => resource("aws:ec2/vpc:Vpc", "vpc", `{ cidrBlock: "10.0.0.0/16"${more} }`, options);
  const subnet = (cidr: string) => resource("aws:ec2/subnet:Subnet", "subnet", `{ vpcId: vpc.id, cidrBlock: "${cidr}" }`);

  test("up makes, a second up changes nothing, a change of a subnet's range replaces it, destroy leaves nothing", async (context) => {
    const stack = project(context, vpc(), subnet("10.0.1.0/24"));
    const first = await stack.run(["up"]);
    assert.equal(first.code, 0, first.text);
    const [one, ...others] = (await made()).filter((line) => line.startsWith("subnet "));
    assert.deepEqual(others, []);
    const second = await stack.run(["up"]);
    assert.match(second.text, /2 unchanged/);
    stack.program(programOf(vpc(), subnet("10.0.2.0/24")));
    const replaced = await stack.run(["up"]);
    assert.match(replaced.text, /1 replaced/);
    const now = (await made()).filter((line) => line.startsWith("subnet "));
    assert.equal(now.length, 1);
    assert.notEqual(now[0], one);
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("tags change in place; what can't be changed in place is refused in a preview and in an up", async (context) => {
    const stack = project(context, vpc());
    assert.equal((await stack.run(["up"])).code, 0);
    stack.program(programOf(vpc(`, tags: { Name: "mine" }`)));
    assert.match((await stack.run(["up"])).text, /1 updated/);
    const { Vpcs = [] } = await clients.ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: "tag:Name", Values: ["mine"] }] }));
    assert.equal(Vpcs.length, 1);
    stack.program(programOf(vpc(`, tags: { Name: "mine" }, enableDnsHostnames: true`)));
    for (const verb of ["preview", "up"]) {
      const refused = await stack.run([verb]);
      assert.equal(refused.code, 1, refused.text);
      assert.match(refused.text, /vpc: enableDnsHostnames: the tests' provider can't change this of aws:ec2\/vpc:Vpc in place/);
    }
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("wrong arguments fail: an unknown input, a missing one, a range outside the VPC; what was made before goes again", async (context) => {
    for (const [inputs, message] of [
      [`{ cidrBlock: "10.0.0.0/16", tenancy: "x" }`, /vpc: tenancy: is not known/],
      ["{}", /vpc: cidrBlock: is missing/],
    ] as const) {
      const wrong = await project(context, resource("aws:ec2/vpc:Vpc", "vpc", inputs)).run(["preview"]);
      assert.equal(wrong.code, 1, wrong.text);
      assert.match(wrong.text, message);
    }
    const stack = project(context, vpc(), subnet("192.168.0.0/24"));
    const failed = await stack.run(["up"]);
    assert.equal(failed.code, 1, failed.text);
    assert.match(failed.text, /InvalidSubnet\.Range/);
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("protect is honoured", async (context) => {
    const stack = project(context, vpc("", "{ protect: true }"));
    assert.equal((await stack.run(["up"])).code, 0);
    const refused = await stack.run(["destroy"]);
    assert.equal(refused.code, 1);
    assert.match(refused.text, /vpc is protected/);
    assert.equal((await made()).filter((line) => line.startsWith("vpc ")).length, 1);
    stack.program(programOf(vpc()));
    assert.equal((await stack.run(["up"])).code, 0);
    assert.equal((await stack.run(["destroy"])).code, 0);
    assert.deepEqual(await made(), []);
  });

  test("the product's own engine refuses aws, whatever the environment", async (context) => {
    const stack = new TestProject(context, programOf(vpc()));
    const refused = await stack.run(["up"]);
    assert.equal(refused.code, 1);
    assert.match(refused.text, /package aws .* is not known to this engine/);
    assert.deepEqual(await made(), []);
  });
});
