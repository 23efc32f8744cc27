import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { refuseChanges } from "../../../config/changes.ts";
import { parseCluster } from "../../../config/parse.ts";
import { knownBy } from "../../../config/provider.ts";
import { record } from "../../../config/record.ts";
import { configDocs, stackFileSchema } from "../../../config/reference.ts";
import { at } from "../../../config/rules/rule.ts";
import type { Cluster } from "../../../config/schema.ts";
import type { ProviderModule } from "../../../providers/contract.ts";
import { createInfrastructure, known, providers } from "../../../providers/index.ts";
import { metal } from "../../harness/samples.ts";

// A provider that this program does not have: all that it takes is one module.

type Cloudy = Cluster & { cloudy: { region: string } };

const cloudy: ProviderModule<Cloudy> = {
  name: "cloudy",
  gives: "rents hosts by the hour",
  traits: {
    createsHosts: true,
    givesAddresses: true,
    ownsDevices: true,
    ownsNetwork: false,
    ownsEndpoint: true,
    scalesPools: false,
    ownsBackupBucket: false,
    makesArtifacts: false,
  },
  sections: {
    cluster: z.strictObject({ region: z.string() }).optional(),
    host: z.strictObject({ size: z.string() }).optional(),
  },
  rules: [
    {
      says: "`cloudy.region` is up.",
      check: ({ cloudy: { region } }) =>
        region === "up" ? [] : [{ key: at("cloudy", "region"), found: `is ${region}`, allowed: "up" }],
    },
  ],
  record: ({ hosts, cloudy: { region } }) => ({
    network: region,
    machines: Object.fromEntries(Object.keys(hosts).map((name) => [name, { zone: region, born: size(hosts[name]) }])),
  }),
  create: async ({ cluster }) => ({
    hosts: Object.entries(cluster.hosts).map(([name, { roles, pool, incarnation, lost }]) => ({
      ...{ name, roles, pool, incarnation, lost },
      address: pulumi.output("192.0.2.1"),
      architecture: "arm64",
      connection: { kind: "ssh", host: "192.0.2.1", port: 22, user: "root" },
    })),
    endpoint: { kind: "given", address: `api.${cluster.cloudy.region}`, port: 443 },
    artifacts: { kind: "official", location: "" },
    kubeletExtraArgs: {},
    addons: [],
  }),
};

const size = (host: unknown) => JSON.stringify(Reflect.get(host as object, "cloudy") ?? "small");
const withCloudy = knownBy(known, [...providers, cloudy]);

function written(edit: (config: ReturnType<typeof metal>) => void = () => {}) {
  const config = { ...metal(), provider: "cloudy", cloudy: { region: "up" }, api: { domainName: "api.example.com" } };
  for (const host of Object.values<ReturnType<typeof metal>>(config.hosts)) {
    delete host.address;
    delete host.hostKey;
    host.roles = host.roles.filter((role: string) => role !== "balancer");
  }
  edit(config);
  return parseCluster(config, withCloudy);
}

function right(edit?: Parameters<typeof written>[0]): Cluster {
  const parsed = written(edit);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.cluster;
}

const keys = (parsed: ReturnType<typeof written>) => (parsed.ok ? [] : parsed.problems.map(({ key }) => key));

test("a provider that registers itself brings its sections, its rules and its traits", () => {
  assert.equal(right().traits, cloudy.traits);
  assert.deepEqual(keys(written((c) => delete c.cloudy)), ["cluster.cloudy"]);
  assert.deepEqual(keys(written((c) => Object.assign(c.cloudy, { region: "down" }))), ["cluster.cloudy.region"]);
  assert.deepEqual(keys(written((c) => Object.assign(c, { aws: { zones: ["eu-central-1a"] } }))), ["cluster.aws"]);
  assert.deepEqual(keys(written((c) => Object.assign(c.api, { address: "10.0.0.10" }))), ["cluster.api.address"]);
  const scaled = { autoscaling: { minimum: 1, maximum: 2 } };
  assert.deepEqual(keys(written((c) => Object.assign(c.pools, { more: scaled }))), ["cluster.pools.more.autoscaling"]);
  assert.deepEqual(keys(parseCluster({ ...metal(), cloudy: { region: "up" } }, withCloudy)), ["cluster.cloudy"]);
});

test("without its line in the registry nothing knows it", () => {
  assert.deepEqual(keys(parseCluster({ ...metal(), provider: "cloudy" }, known)), ["cluster.provider"]);
});

test("its machines are recorded, and no edit replaces two of them that etcd needs", () => {
  const before = record(right(), withCloudy);
  assert.deepEqual(before.hosts.m1?.machine, { zone: "up", born: '"small"' });
  const after = record(
    right((c) => {
      c.hosts.m1.cloudy = { size: "large" };
      c.hosts.m2.cloudy = { size: "large" };
    }),
    withCloudy,
  );
  assert.deepEqual(
    refuseChanges(before, after, [], withCloudy).map(({ key }) => key),
    ["cluster.hosts.m1", "cluster.hosts.m2"],
  );
});

test("its hosts and endpoint are what components get", async () => {
  const { hosts, endpoint } = await createInfrastructure({ cluster: right(), secrets: {} }, [...providers, cloudy]);
  assert.deepEqual(
    hosts.map(({ name, repair }) => [name, repair]),
    ["m1", "m2", "m3", "w1", "w2"].map((name) => [name, ""]),
  );
  assert.equal(endpoint.address, "api.up");
});

test("the docs and the editors' schema have it", () => {
  assert.match(configDocs(withCloudy), /cloudy rents hosts by the hour.*## cloudy.*`cloudy.region` is up\./s);
  assert.match(JSON.stringify(stackFileSchema(withCloudy)), /"required":\["cloudy"\]/);
});
