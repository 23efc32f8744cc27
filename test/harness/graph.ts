import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Alias } from "@pulumi/pulumi/proto/alias_pb.js";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { bundleHashes, newPrivateKey } from "./samples.ts";
import { scratch } from "./scratch.ts";

// The program's graph under Pulumi's mocks: which resources a cluster makes, and with which inputs.

/** A registered resource: its type, inputs and options. */
export interface Registered {
  /** Its URN, and those that it had before. */
  urns: string[];
  type: string;
  inputs: Record<string, unknown>;
  options: Options;
}

interface Options {
  protect: boolean;
  deleteBeforeReplace: boolean;
  /** URN. Empty: nothing. */
  deletedWith: string;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  /** URNs. */
  dependencies: string[];
  /** URNs by input. */
  propertyDependencies: Record<string, string[]>;
}

// Pulumi's mocks do not get a resource's options, so they are read from the request.
let options = new Map<string, Options>();
let urns = new Map<string, string[]>();
/** URNs as the engine makes them, with the types of all parents, by those that the mocks make, with one parent's. */
const fullUrns = new Map<string, string>();

function urnOf(parent: string, type: string, name: string): string {
  const [, , parentType = ""] = (fullUrns.get(parent) ?? parent).split("::");
  const nested = parentType === "" || parentType === "pulumi:pulumi:Stack" ? type : `${parentType}$${type}`;
  return `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${nested}::${name}`;
}

const register = MockMonitor.prototype.registerResource;
MockMonitor.prototype.registerResource = function (this: MockMonitor, request, callback) {
  options.set(`${request.getType()} ${request.getName()}`, {
    protect: request.getProtect(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    deletedWith: request.getDeletedwith(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    dependencies: request.getDependenciesList(),
    propertyDependencies: Object.fromEntries(
      [...request.getPropertydependenciesMap().entries()].map(([name, urns]) => [name, urns.getUrnsList()]),
    ),
  });
  const key = `${request.getType()} ${request.getName()}`;
  const former = request.getAliasesList().map((alias: Alias) => {
    const spec = alias.getSpec();
    if (spec === undefined) return alias.getUrn();
    const parent = spec.getNoparent() ? "" : spec.getParenturn() || request.getParent();
    return urnOf(parent, spec.getType() || request.getType(), spec.getName() || request.getName());
  });
  const urn = urnOf(request.getParent(), request.getType(), request.getName());
  urns.set(key, [urn, ...former]);
  return register.call(this, request, (error, response) => {
    if (response) fullUrns.set(response.getUrn(), urn);
    callback(error, response);
  });
};

let runs = 0;
let lastRecorded: object | undefined;
let registered = new Map<string, Registered>();

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ type, name, inputs }) => {
    const key = `${type} ${name}`;
    registered.set(key, { type, inputs, urns: urns.get(key) ?? [], options: options.get(key) as Options });
    return { id: `${name}-id`, state: { ...inputs, ...outputs(type, name) } };
  },
  call: ({ token, inputs }) => (token === "aws:ec2/getAmi:getAmi" ? { ...inputs, id: "ami-0123456789abcdef0" } : inputs),
};

// Enough of the real providers' outputs for the program to run.
function outputs(type: string, name: string): Record<string, unknown> {
  if (type.startsWith("tls:")) {
    // As long as real ones.
    return {
      privateKeyPem: pem(`key of ${name}`, 160),
      publicKeyPem: pem(`public key of ${name}`, 100),
      certRequestPem: pem(`request of ${name}`, 300),
      certPem: pem(`certificate of ${name}`, 500),
      privateKeyOpenssh: `key of ${name}`,
      publicKeyOpenssh: `ssh-ed25519 public-${name}\n`,
    };
  }
  if (type === "command:local:Command" && name === "bundle") return { stdout: JSON.stringify(bundleHashes()) };
  if (type.startsWith("command:")) return { stdout: `token-of-${name}` };
  if (type === "pulumi:pulumi:StackReference")
    return { outputs: lastRecorded === undefined ? {} : { recorded: lastRecorded, etcdBorn: true } };
  if (type.startsWith("aws:")) {
    const host = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_000, 7);
    const privateIp = `10.0.${Math.floor(host / 256)}.${host % 256}`;
    return { arn: `arn:aws:::${name}`, privateIp, publicIp: "198.51.100.7", dnsName: `${name}.elb.amazonaws.com`, zoneId: "Z0" };
  }
  return { hex: "0011aabb", result: `result-of-${name}` };
}

/** What a program finds when it runs. */
export interface Surroundings {
  /** Pulumi's project. Default: ha-kubernetes. */
  project?: string;
  /** The stack's config by full key. Default: empty. */
  config?: Record<string, string>;
  /** Keys of `config` that are encrypted. Default: none. */
  secretKeys?: string[];
  /** What the last `up` left in the output `recorded`. Default: there was none. */
  recorded?: object;
}

/** Runs a program, or a part of one, and returns what it registered, by `type name`, and what it returned. */
export async function registeredBy<T>(
  program: () => T | Promise<T>,
  { project = "ha-kubernetes", config = {}, secretKeys = [], recorded }: Surroundings = {},
): Promise<{ graph: Map<string, Registered>; result: T }> {
  registered = new Map();
  options = new Map();
  urns = new Map();
  lastRecorded = recorded;
  pulumi.runtime.setAllConfig(config, secretKeys);
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(secretKeys);
  await pulumi.runtime.setMocks(mocks, project, "test", false, "organization");
  const result = await program();
  await pulumi.runtime.disconnect();
  return { graph: registered, result };
}

/**
 * Runs this repository's program with a config and returns what it registered, by `type name`. `recorded` is what the last `up`
 * left in its outputs: none by default. `more`: other keys of the stack's file.
 */
export async function graphOf(
  cluster: object,
  recorded?: object,
  more: Record<string, string> = {},
): Promise<Map<string, Registered>> {
  const secret = { "ha-kubernetes:sshPrivateKey": sshPrivateKey, ...secretFilesOf(cluster) };
  const config = { "ha-kubernetes:cluster": JSON.stringify(cluster), ...secret, ...more };
  runs += 1;
  const program = () => import(`../../index.ts?run=${runs}`);
  return (await registeredBy(program, { config, secretKeys: Object.keys(secret), recorded })).graph;
}

/** The stack's secret `files`, where the cluster has secret files of kube-apiserver. */
function secretFilesOf(cluster: { api?: { files?: Record<string, { secret?: boolean }> } }): Record<string, string> {
  const names = Object.entries(cluster.api?.files ?? {}).flatMap(([name, { secret }]) => (secret ? [name] : []));
  return names.length === 0
    ? {}
    : { "ha-kubernetes:files": JSON.stringify(Object.fromEntries(names.map((name) => [name, "content"]))) };
}

/** What an output holds. */
export const resolved = <T>(output: pulumi.Input<T>): Promise<T> =>
  new Promise((resolve) => pulumi.output(output).apply((value) => resolve(value as T)));

/** Text that begins with `label` and is followed by `bytes` of noise in base64, the same for the same label. */
function pem(label: string, bytes: number): string {
  const noise = Array.from({ length: Math.ceil(bytes / 32) }, (_, n) => createHash("sha256").update(`${n} ${label}`).digest());
  return `${label}\n${Buffer.concat(noise).subarray(0, bytes).toString("base64")}\n`;
}

export const sshPrivateKey = newPrivateKey();
// What the program keeps on this machine goes to a folder of the tests.
process.env.XDG_CACHE_HOME = scratch();
// No host of a sample answers.
process.env.HA_KUBERNETES_FIRST_LOOK = "no";

export { clusterOf, manifestFile } from "./samples.ts";
