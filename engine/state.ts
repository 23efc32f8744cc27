import { createHash } from "node:crypto";
import type { Crypter } from "./crypto.ts";
import { decodeProperties, encodeForState, forgetCiphertexts, type TrackedProperties } from "./values.ts";

// A stack's state as the Pulumi CLI writes it: a version 3 checkpoint. This module reads and writes its text.

/** A resource as the state holds it. Never changed in place. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  /** False for a component, which no provider knows. */
  readonly custom: boolean;
  readonly id?: string;
  readonly inputs: TrackedProperties;
  readonly outputs: TrackedProperties;
  readonly parent?: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
  /** `<provider's urn>::<provider's id>`. */
  readonly provider?: string;
  /** Replaced, still to be deleted. */
  readonly delete?: boolean;
  /** Deleted so that it, or what it depends on, can be made anew. */
  readonly pendingReplacement?: boolean;
  /** Read, not owned. */
  readonly external?: boolean;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deletedWith?: string;
  /** Why the last create or update did not finish. */
  readonly initErrors?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly customTimeouts?: Readonly<Record<string, number>>;
  /** RFC 3339. */
  readonly created?: string;
  readonly modified?: string;
}

/** A step that had begun when the state was written. */
export interface PendingOperation {
  readonly type: "creating" | "updating" | "deleting";
  readonly resource: ResourceState;
}

/** What a checkpoint holds. */
export interface Snapshot {
  resources: readonly ResourceState[];
  pending: readonly PendingOperation[];
}

const plainKeys = [
  "urn custom delete id type parent protect external dependencies initErrors provider propertyDependencies",
  "pendingReplacement additionalSecretOutputs customTimeouts retainOnDelete deletedWith created modified",
  "ignoreChanges replaceOnChanges",
].flatMap((line) => line.split(" "));
/** Says nothing about what to do with a resource; not written again. */
const ignoredKeys = new Set(["sourcePosition", "stackTrace", "aliases", "hideDiff", "importID"]);
const knownKeys = new Set([...plainKeys, "inputs", "outputs"]);

// Resources as text: what was read is written back as it was, and a text is made once for each state.
const texts = new WeakMap<ResourceState, string>();

function readResource(json: Record<string, unknown>, decrypt: (text: string) => string): ResourceState {
  const unknownKey = Object.keys(json).find((key) => !knownKeys.has(key) && !ignoredKeys.has(key) && json[key]);
  if (unknownKey !== undefined) {
    throw new Error(
      `the state's ${String(json.urn)} uses ${JSON.stringify(unknownKey)}, which this engine does not know; use the Pulumi CLI for this stack`,
    );
  }
  const own = Object.fromEntries(plainKeys.filter((key) => json[key] !== undefined).map((key) => [key, json[key]]));
  const state = {
    ...own,
    inputs: decodeProperties(json.inputs, decrypt),
    outputs: decodeProperties(json.outputs, decrypt),
  } as unknown as ResourceState;
  texts.set(state, JSON.stringify(json));
  return state;
}

function resourceText(state: ResourceState, encrypt: (text: string) => string): string {
  let text = texts.get(state);
  if (text === undefined) {
    const all = state as unknown as Record<string, unknown>;
    const json: Record<string, unknown> = {};
    for (const key of plainKeys) {
      const value = all[key];
      const nothing =
        value === undefined || (value === false && key !== "custom") || (Array.isArray(value) && value.length === 0);
      if (!nothing) json[key] = value;
      if (key === "type") {
        if (Object.keys(state.inputs).length > 0) json.inputs = encodeForState(state.inputs, encrypt);
        if (Object.keys(state.outputs).length > 0) json.outputs = encodeForState(state.outputs, encrypt);
      }
    }
    text = JSON.stringify(json);
    texts.set(state, text);
  }
  return text;
}

/** Forgets how the resources were encrypted, when another key shall be used. */
export function forgetTexts(snapshot: Snapshot): Snapshot {
  const forget = (state: ResourceState): ResourceState => ({
    ...state,
    inputs: forgetCiphertexts(state.inputs),
    outputs: forgetCiphertexts(state.outputs),
  });
  return {
    resources: snapshot.resources.map(forget),
    pending: snapshot.pending.map(({ type, resource }) => ({ type, resource: forget(resource) })),
  };
}

/** A checkpoint's text, taken apart but not decrypted. */
export interface Checkpoint {
  /** The secrets' salt; undefined where nothing was ever encrypted. */
  salt?: string;
  /** Reads the resources. */
  read(decrypt: (text: string) => string): Snapshot;
}

/** Reads a checkpoint. @throws Error for another version or another secrets provider. */
export function parseCheckpoint(text: string): Checkpoint {
  const { version, checkpoint } = JSON.parse(text);
  if (version !== 3) throw new Error(`the state has version ${version}; this engine reads version 3`);
  const latest = checkpoint?.latest ?? {};
  const secrets = latest.secrets_providers;
  if (secrets !== undefined && secrets.type !== "passphrase") {
    throw new Error(
      `the state's secrets are encrypted with ${secrets.type}; this engine knows a passphrase only, use the Pulumi CLI`,
    );
  }
  return {
    ...(secrets?.state?.salt && { salt: secrets.state.salt }),
    read: (decrypt) => ({
      resources: (latest.resources ?? []).map((json: Record<string, unknown>) => readResource(json, decrypt)),
      pending: (latest.pending_operations ?? []).map(
        ({ type, resource }: { type: string; resource: Record<string, unknown> }) => ({
          type,
          resource: readResource(resource, decrypt),
        }),
      ),
    }),
  };
}

/** Writes a checkpoint. `stack` is its full name, `version` the CLI whose form this is. */
export function checkpointText(stack: string, version: string, snapshot: Snapshot, crypter: Crypter): string {
  const encrypt = (text: string) => crypter.encrypt(text);
  const magic = createHash("sha256").update(version).digest("hex");
  const manifest = JSON.stringify({ time: new Date().toISOString(), magic, version });
  const secrets = JSON.stringify({ type: "passphrase", state: { salt: crypter.salt } });
  const resources = snapshot.resources.map((state) => resourceText(state, encrypt)).join(",");
  const pending = snapshot.pending
    .map(({ type, resource }) => `{"resource":${resourceText(resource, encrypt)},"type":"${type}"}`)
    .join(",");
  const operations = pending === "" ? "" : `"pending_operations":[${pending}],`;
  return `{"version":3,"checkpoint":{"stack":${JSON.stringify(stack)},"latest":{"manifest":${manifest},"secrets_providers":${secrets},"resources":[${resources}],${operations}"metadata":{}}}}`;
}
