import { readFileSync } from "node:fs";
import { type HostFile, quote } from "../../stage.ts";

// What control planes have so that workers can join, and so that a cluster's birth ends with Nodes that are Ready. Its own script on the
// host, because a command's text is in the state, once for each worker.

/** The folder on control planes; nothing else is in it. */
const directory = "/usr/local/lib/ha-kubernetes";
const scripts = ["credential.sh", "await-nodes.sh"] as const;

/** The scripts as files of the control-plane stage. */
export const joinFiles: readonly HostFile[] = scripts.map((name) => ({
  path: `${directory}/${name}`,
  content: readFileSync(new URL(name, import.meta.url), "utf8"),
  mode: "0755",
}));

const command = (script: (typeof scripts)[number], ...args: readonly string[]) =>
  [`${directory}/${script}`, ...args.map(quote)].join(" ");

/** Prints the credential that this worker joins with, a certificate and its key, and notes the worker's pool in the cluster. */
export const mintCredential = (worker: { name: string; pool: string }): string =>
  command("credential.sh", worker.name, worker.pool);

/** Waits until each of these Nodes is Ready. `podNetwork`: empty where the user brings one, without which a Node is not Ready. */
export const awaitNodes = (names: readonly string[], podNetwork: string): string =>
  command("await-nodes.sh", podNetwork || "none", ...names);
