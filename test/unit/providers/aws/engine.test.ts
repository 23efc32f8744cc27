import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { LocalWorkspace, type OpType, type Stack } from "@pulumi/pulumi/automation/index.js";
import { parseCluster } from "../../../../config/parse.ts";
import { findCli } from "../../../../engine/cli.ts";
import { builtIn } from "../../../../plugins/index.ts";
import type { Provider } from "../../../../plugins/provider.ts";
import { servePlugins } from "../../../../plugins/serve.ts";
import * as classes from "../../../../providers/aws/resources.ts";
import { createInfrastructure, known } from "../../../../providers/index.ts";
import { scratch } from "../../../harness/scratch.ts";

// Pulumi's own engine, with a provider that makes nothing, on a state with the URNs of release 0.1: every resource of AWS was
// directly below the one component `aws`. test/fixtures/urns.json lists them.

const cli = await findCli(console.error);
process.env.PATH = `${dirname(cli.path)}:${process.env.PATH}`;

const zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const control = { roles: ["etcd", "control-plane"] };
const parsed = parseCluster(
  {
    name: "old",
    provider: "aws",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.0.0.0/16"],
    api: { domainName: "api.old.internal" },
    aws: {
      zones,
      ssh: { bastion: { allowedCidrs: ["198.51.100.0/24"] } },
      api: { public: true, allowedCidrs: ["198.51.100.0/24"] },
    },
    hosts: { m1: control, m2: control, m3: control, w1: { roles: ["worker"], pool: "general" } },
    pools: { general: {}, burst: { autoscaling: { minimum: 0, maximum: 3 } } },
  },
  known,
);
assert.ok(parsed.ok, JSON.stringify(parsed));
const { cluster } = parsed;

const outputs = { arn: "arn:aws:::any", privateIp: "10.0.0.7", publicIp: "198.51.100.7", dnsName: "any", zoneId: "Z0" };
/** Every type that providers/aws has. */
const types = Object.values(classes).flatMap((it) => ("__pulumiType" in it ? [String(it.__pulumiType)] : []));
const provider: Provider = {
  version: "7.48.0",
  types: Object.fromEntries(
    types.map((type) => [
      type,
      { create: async (inputs, { name }) => ({ id: name, outputs: { bucket: name, name, ...outputs, ...inputs } }) },
    ]),
  ),
  functions: { "aws:ec2/getAmi:getAmi": async (inputs) => ({ ...inputs, id: "ami-0123456789abcdef0" }) },
};

let served: Awaited<ReturnType<typeof servePlugins>>;
let stack: Stack;
before(async () => {
  served = await servePlugins({ ...builtIn, aws: async () => ({ provider }) });
  const folder = scratch();
  const program = async () => {
    const { hosts } = await createInfrastructure({ cluster, secrets: {} });
    return { names: hosts.map(({ name }) => name) };
  };
  const envVars = {
    PULUMI_DEBUG_PROVIDERS: served.debugProviders,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "fixture",
    PULUMI_HOME: join(folder, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  const settings = { workDir: folder, envVars };
  stack = await LocalWorkspace.createOrSelectStack({ stackName: "test", projectName: "ha-kubernetes", program }, settings);
  await stack.setConfig("aws:region", { value: "eu-central-1" });
});
after(() => served.close());

const counted = ({ read: _, ...others }: Partial<Record<OpType, number>> = {}) => others;

interface Resource {
  urn: string;
  parent?: string;
}

test("parts of AWS take over resources that lay below no part: nothing is replaced, deleted or changed", async () => {
  const all = (await stack.up()).summary.resourceChanges?.create ?? 0;
  const { version, deployment } = await stack.exportStack();
  const part = /ha-kubernetes:providers:Aws\$ha-kubernetes:aws:\w+/;
  const isPart = (urn = "") => new RegExp(`::${part.source}::`).test(urn);
  const resources: Resource[] = deployment.resources;
  const former = resources.filter(({ urn }) => !isPart(urn));
  const component = former.find(({ urn }) => urn.endsWith("::ha-kubernetes:providers:Aws::aws"));
  for (const resource of former) if (isPart(resource.parent)) resource.parent = component?.urn;
  const text = JSON.stringify({ ...deployment, resources: former }).replaceAll(
    new RegExp(part, "g"),
    "ha-kubernetes:providers:Aws",
  );
  await stack.importStack({ version, deployment: JSON.parse(text) });
  const create = resources.length - former.length;
  // Four machines and one part of each of the seven other kinds.
  assert.equal(create, 11);
  const expected = { same: all - create, create };
  assert.deepEqual(counted((await stack.up()).summary.resourceChanges), expected);
  const now: Resource[] = (await stack.exportStack()).deployment.resources;
  assert.deepEqual(now.map(({ urn }) => urn).sort(), resources.map(({ urn }) => urn).sort());
});
