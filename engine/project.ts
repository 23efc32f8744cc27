import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Document, isMap, parse, parseDocument, YAMLMap } from "yaml";

// Pulumi.yaml and Pulumi.<stack>.yaml.

/** What Pulumi.yaml says. */
export interface Project {
  name: string;
  /** The folder of Pulumi.yaml. */
  folder: string;
  /** The program, relative to the folder. */
  main: string;
  /** The folder that a `file://` backend keeps the states in. */
  backend: string;
}

/** Reads a project. PULUMI_BACKEND_URL is stronger than Pulumi.yaml, as with the CLI. */
export function readProject(folder: string): Project {
  const file = join(folder, "Pulumi.yaml");
  if (!existsSync(file)) throw new Error(`there is no Pulumi.yaml in ${folder}`);
  const yaml = parse(readFileSync(file, "utf8"));
  const runtime = yaml.runtime?.name ?? yaml.runtime;
  if (runtime !== "nodejs") throw new Error(`Pulumi.yaml: runtime ${runtime} is not supported by this engine: only nodejs`);
  const url: string | undefined = process.env.PULUMI_BACKEND_URL || yaml.backend?.url;
  if (!url?.startsWith("file://")) {
    throw new Error(
      `the backend ${url ?? "(none given)"} is not supported by this engine: only file://<folder>; use the Pulumi CLI`,
    );
  }
  const path = url.slice("file://".length);
  const backend = path.startsWith("/")
    ? fileURLToPath(url)
    : resolve(folder, path.replace(/^~(?=\/|$)/, process.env.HOME ?? "~"));
  return { name: yaml.name, folder, main: yaml.main ?? ".", backend };
}

/** A stack's config as the program gets it. */
export interface StackConfig {
  /** By full key; mappings and lists as JSON. */
  values: Record<string, string>;
  secretKeys: string[];
}

type Decrypt = (ciphertext: string) => string;

/** Pulumi.<stack>.yaml. Comments and layout stay when a value is set. */
export class StackFile {
  readonly path: string;
  readonly #project: string;
  readonly #document: Document;

  constructor(project: Project, stack: string) {
    this.path = join(project.folder, `Pulumi.${stack}.yaml`);
    this.#project = project.name;
    const text = existsSync(this.path) ? readFileSync(this.path, "utf8") : "";
    this.#document = parseDocument(text);
    const [error] = this.#document.errors;
    if (error !== undefined) throw new Error(`${basename(this.path)}: ${error.message}`);
    const provider = this.#document.get("secretsprovider");
    if (provider !== undefined && provider !== "passphrase") {
      throw new Error(`${basename(this.path)}: secretsprovider ${provider} is not supported by this engine: only passphrase`);
    }
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** The salt of the secrets in this file. */
  get salt(): string | undefined {
    return this.#document.get("encryptionsalt") as string | undefined;
  }

  get #config(): Record<string, unknown> {
    const json = (this.#document.toJS() ?? {}) as { config?: Record<string, unknown> };
    return json.config ?? {};
  }

  /** Whether any value is encrypted. */
  get hasSecrets(): boolean {
    return Object.values(this.#config).some(holdsSecure);
  }

  /** Reads the config; `decrypt` is called only where something is encrypted. */
  read(decrypt: Decrypt): StackConfig {
    const result: StackConfig = { values: {}, secretKeys: [] };
    for (const [key, value] of Object.entries(this.#config)) {
      const full = fullKey(this.#project, key);
      const open = decrypted(value, decrypt);
      result.values[full] = typeof open === "string" ? open : JSON.stringify(open);
      if (holdsSecure(value)) result.secretKeys.push(full);
    }
    return result;
  }

  /** Sets a value, in clear or as a ciphertext. */
  set(key: string, value: string | { secure: string }): void {
    this.#makeMapping();
    if (!isMap(this.#document.get("config", true))) this.#document.set("config", this.#document.createNode({}));
    this.#document.setIn(["config", fullKey(this.#project, key)], this.#document.createNode(value));
  }

  /** Records the salt of the file's secrets. */
  setSalt(salt: string): void {
    this.#makeMapping();
    this.#document.set("encryptionsalt", salt);
  }

  #makeMapping(): void {
    if (!isMap(this.#document.contents)) this.#document.contents = new YAMLMap();
  }

  write(): void {
    writeFileSync(`${this.path}.new`, this.#document.toString({ lineWidth: 0 }));
    renameSync(`${this.path}.new`, this.path);
  }
}

/** `<project>:<key>` for a key without a namespace. */
export const fullKey = (project: string, key: string): string => (key.includes(":") ? key : `${project}:${key}`);

const isSecure = (value: unknown): value is { secure: string } =>
  value !== null &&
  typeof value === "object" &&
  typeof (value as { secure?: unknown }).secure === "string" &&
  Object.keys(value).length === 1;

function holdsSecure(value: unknown): boolean {
  return isSecure(value) || (value !== null && typeof value === "object" && Object.values(value).some(holdsSecure));
}

function decrypted(value: unknown, decrypt: Decrypt): unknown {
  if (isSecure(value)) return decrypt(value.secure);
  if (Array.isArray(value)) return value.map((item) => decrypted(item, decrypt));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decrypted(item, decrypt)]));
}
