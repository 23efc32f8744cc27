import { randomBytes } from "node:crypto";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { type Result, type RunOptions, run } from "./process.ts";
import { scratch } from "./scratch.ts";
import { type Export, opened, type Resource } from "./secrets.ts";
import { takeSubnet } from "./subnets.ts";

// A stack of a test: its own name, cluster, network and passphrase. Nothing of a user's stack is touched.

const root = new URL("../../", import.meta.url).pathname;

export interface HostEntry {
  address: string;
  roles: readonly string[];
  pool?: string;
  [key: string]: unknown;
}

/** A cluster's config as a user would write it. */
export interface ClusterConfig {
  name: string;
  hosts: Record<string, HostEntry>;
  nodeCidrs: string[];
  api: { domainName: string; address: string; [key: string]: unknown };
  [key: string]: unknown;
}

/** Three hosts with every role and two workers, in a network that nothing else on this machine uses. */
export async function threePlusTwo(name: string): Promise<ClusterConfig> {
  const subnet = await takeSubnet();
  const everything = (last: number) => hostAt(subnet, last, ...everyRole);
  const worker = (last: number) => hostAt(subnet, last, "worker");
  return {
    name,
    provider: "lab",
    kubernetesVersion: "1.36.3",
    nodeCidrs: [subnet],
    lab: { subnet },
    api: { domainName: `api.${name}.internal`, address: addressIn(subnet, 10) },
    hosts: { m1: everything(11), m2: everything(12), m3: everything(13), w1: worker(21), w2: worker(22) },
    pools: { general: {} },
  };
}

/** The address with this last byte in a network such as 10.79.128.0/24; of a cluster, in its first network. */
export function addressIn(network: string | ClusterConfig, last: number): string {
  const cidr = typeof network === "string" ? network : (network.nodeCidrs[0] as string);
  return cidr.replace(/\d+\/\d+$/, String(last));
}

/** The roles of a host of the control plane that also holds etcd and the balancer. */
export const everyRole = ["etcd", "balancer", "control-plane"];

/** A host with this last byte in its address; a worker is in pool `general`. */
export function hostAt(network: string | ClusterConfig, last: number, ...roles: readonly string[]): HostEntry {
  return { address: addressIn(network, last), roles, ...(roles.includes("worker") && { pool: "general" }) };
}

export class Stack {
  readonly name: string;
  /** What runs a verb, as arguments of node. */
  readonly #engine: readonly string[];
  readonly #environment: Record<string, string>;

  /** `entry` is another file than the engine's own that runs it, for tests that teach the engine something. */
  constructor(name: string, entry?: string) {
    this.name = name;
    this.#engine = ["engine/launch.mjs", ...(entry === undefined ? [] : ["run", entry])];
    // A run that a test kills removes none of its temporary files.
    this.#environment = { PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"), TMPDIR: scratch() };
  }

  get passphrase(): string {
    return this.#environment.PULUMI_CONFIG_PASSPHRASE as string;
  }

  /** Adds to the environment of everything that runs. */
  setEnvironment(more: Readonly<Record<string, string>>): void {
    Object.assign(this.#environment, more);
  }

  get configFile(): string {
    return `${root}Pulumi.${this.name}.yaml`;
  }

  get stateFile(): string {
    return `${root}state/.pulumi/stacks/ha-kubernetes/${this.name}.json`;
  }

  /** Writes the cluster's config; what else the stack's file holds (its salt, secrets) stays. */
  configure(cluster: ClusterConfig): void {
    const before = existsSync(this.configFile) ? parse(readFileSync(this.configFile, "utf8")) : {};
    const config = { ...before.config, "ha-kubernetes:cluster": cluster };
    writeFileSync(this.configFile, stringify({ ...before, config }, { aliasDuplicateObjects: false }));
  }

  /** Stores an encrypted value of the stack's config. */
  async secret(key: string, value: string): Promise<void> {
    const result = await this.engine("config", ["set", "--secret", key], { input: value });
    if (result.status !== 0) throw new Error(`config set --secret ${key}: ${result.text}`);
  }

  /** Runs a verb as a user does who agrees beforehand: on hosts that are not the lab's, `up` and `destroy` ask. */
  engine(verb: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Result> {
    const agreed = verb === "up" || verb === "destroy" ? ["--yes", "--skip-preview"] : [];
    return this.ask(verb, [...agreed, ...args], options);
  }

  /** Runs a verb as a user does, and answers no question. */
  ask(verb: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Result> {
    const all = [...this.#engine, verb, "--stack", this.name, ...args];
    return run(process.execPath, all, {
      cwd: root,
      // The first `up` on a machine builds every binary, which takes ten minutes and more.
      limitSeconds: 1800,
      ...options,
      env: { ...this.#environment, ...options.env },
    });
  }

  async up(args: readonly string[] = []): Promise<Result> {
    return this.#succeed("up", args);
  }

  async destroy(args: readonly string[] = []): Promise<Result> {
    return this.#succeed("destroy", args);
  }

  async output(key: string): Promise<string> {
    return (await this.#succeed("output", [key, "--show-secrets"])).stdout.trimEnd();
  }

  async #succeed(verb: string, args: readonly string[]): Promise<Result> {
    const result = await this.engine(verb, args);
    if (result.status !== 0) throw new Error(`${verb} of ${this.name} ended with ${result.status}:\n${result.text.slice(-6000)}`);
    return result;
  }

  /** The state's resources, as they are stored: secrets encrypted. */
  resources(): Resource[] {
    if (!existsSync(this.stateFile)) return [];
    return JSON.parse(readFileSync(this.stateFile, "utf8")).checkpoint?.latest?.resources ?? [];
  }

  /** The state with every secret in clear, as the CLI exports it. */
  async export(): Promise<Export> {
    const result = await this.ask("pulumi", ["stack", "export", "--show-secrets"]);
    if (result.status !== 0) throw new Error(`the export of ${this.name} ended with ${result.status}:\n${result.text}`);
    return opened(JSON.parse(result.stdout));
  }

  /** Removes the stack's own files, whatever state it is in. */
  forget(): void {
    const folder = `${root}state/.pulumi/`;
    const own = existsSync(folder)
      ? globSync(`{stacks,backups,history,locks/**}/ha-kubernetes/${this.name}{,.*}`, { cwd: folder })
      : [];
    for (const file of own) rmSync(`${folder}${file}`, { recursive: true, force: true });
    rmSync(this.configFile, { force: true });
  }
}
