import type { Runner } from "./runner.ts";

// The keys of a stack's config, and how the program gets them.

/** What prefixes the config keys, whatever the stack, and whatever name `pulumi new` gave to a copy of the project. */
export const project = "ha-kubernetes";
/** Config keys whose values must be encrypted. */
export const secretNames = [
  "sshPrivateKey",
  "sshKeyPassphrase",
  "sshPassword",
  "sudoPassword",
  "sshLogins",
  "backupSshPrivateKey",
  "registryLogins",
  "proxyLogin",
  "routingPassword",
  "statisticsPassword",
  "files",
] as const;
/** All config keys of the project, without its prefix. */
export const keys = ["cluster", ...secretNames] as const;
export type Key = (typeof keys)[number];

/** The stack's config as Pulumi gives it to the program. */
export interface StackConfig {
  /** Values by full key, such as `ha-kubernetes:cluster`; mappings as JSON, secrets in clear. */
  values: Readonly<Record<string, string>>;
  /** The full keys that are encrypted in the stack's file, or hold something that is. */
  secretKeys: readonly string[];
  /** The text of Pulumi.<stack>.yaml; absent where there is none. */
  file?: string;
  /** What runs the program; absent: nothing that depends on it is checked. */
  runner?: Runner;
}

/** A key with the project's prefix. */
export const fullKey = (key: Key): string => `${project}:${key}`;
