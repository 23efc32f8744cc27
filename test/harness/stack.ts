import { randomBytes } from "node:crypto";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { type Result, type RunOptions, run } from "./process.ts";
import { type ClusterConfig, labCluster } from "./samples.ts";
import { scratch } from "./scratch.ts";
import { type Export, opened, type Resource } from "./secrets.ts";
import { takeSubnet } from "./subnets.ts";

// A stack of a test: its own name, cluster, network and passphrase. Nothing of a user's stack is touched.

const root = new URL("../../", import.meta.url).pathname;

/** Three hosts with every role and two workers, in a network that nothing else on this machine uses. */
export const threePlusTwo = async (name: string): Promise<ClusterConfig> => labCluster(name, await takeSubnet());

export class Stack {
  readonly name: string;
  /** The arguments of node that run a verb. */
  readonly #engine: readonly string[];
  readonly #environment: Record<string, string>;

  /** `entry` is the file that starts the engine, for tests with a provider of their own. Default: the engine's own. */
  constructor(name: string, entry?: string) {
    this.name = name;
    this.#engine = ["engine/launch.mjs", ...(entry === undefined ? [] : ["run", entry])];
    // A run that a test kills removes none of its temporary files.
    this.#environment = { PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"), TMPDIR: scratch() };
  }

  get passphrase(): string {
    return this.#environment.PULUMI_CONFIG_PASSPHRASE as string;
  }

  /** Adds to the environment of every verb. */
  setEnvironment(more: Readonly<Record<string, string>>): void {
    Object.assign(this.#environment, more);
  }

  get configFile(): string {
    return `${root}Pulumi.${this.name}.yaml`;
  }

  get stateFile(): string {
    return `${root}state/.pulumi/stacks/ha-kubernetes/${this.name}.json`;
  }

  /** Writes the cluster's config; the rest of the stack's file (its salt, secrets) stays. */
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

  /** Runs a verb as a user who confirms in advance: `up` and `destroy` ask on hosts that are not the lab's. */
  engine(verb: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Result> {
    const agreed = verb === "up" || verb === "destroy" ? ["--yes", "--skip-preview"] : [];
    return this.ask(verb, [...agreed, ...args], options);
  }

  /** Runs a verb as a user who answers no questions. */
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

  /** The state with every secret in clear text, as the CLI exports it. */
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
