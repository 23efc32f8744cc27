import { isCollection, isMap, isNode, isScalar, parseDocument, type YAMLMap } from "yaml";
import { bastionsIn, type NamedBastion, wayTo } from "../config/bastions.ts";
import type { LoginSecrets } from "../config/host-logins.ts";
import { plainHostKey } from "../config/keys.ts";
import { didYouMean } from "../config/problems.ts";
import type { Cluster } from "../config/schema.ts";
import { sshFingerprint } from "../keys/openssh.ts";
import type { SshPool } from "../plugins/ssh-pool.ts";
import { scanHostKey } from "../plugins/ssh-scan.ts";
import { BastionFault, throughBastions } from "./scan-way.ts";

// Host keys as the hosts show them, and their places in a stack's file.

/** A host or bastion whose key is to be read. */
export interface Place {
  name: string;
  /** Of its key `hostKey` or its host, below the cluster. */
  path: readonly string[];
  host: string;
  port: number;
  /** The key in the config. */
  known?: string;
  /** The bastions to go through. */
  way: readonly NamedBastion[];
}

/** A key that a place showed, or why there is none. `bastion`: the one on the way that is at fault, with what helps. */
export type Scanned =
  | { place: Place; key: string }
  | { place: Place; error: string; bastion?: undefined }
  | { place: Place; error: string; bastion: string; cure: string };

/** The bastions of a config, those before others first. */
export function bastionPlaces({ ssh }: Cluster): Place[] {
  const places = bastionsIn(ssh).map(({ name, path, bastion }): Place => {
    const way = wayTo({ connection: "ssh", sshBastion: name }, ssh).slice(0, -1);
    return { name, path: ["ssh", ...path], host: bastion.host, port: bastion.port, known: bastion.hostKey, way };
  });
  return places.sort((a, b) => a.way.length - b.way.length);
}

/** The hosts of a config that are reached by SSH. */
export const hostPlaces = ({ hosts, ssh }: Cluster): Place[] =>
  Object.entries(hosts)
    .filter(([, { connection, lost }]) => connection === "ssh" && !lost)
    .map(([name, host]) => ({
      name,
      path: ["hosts", name],
      host: host.sshAddress ?? host.address ?? name,
      port: host.sshPort ?? ssh.port,
      known: host.hostKey,
      way: wayTo(host, ssh),
    }));

/** The places to look at: those named, with the bastions on the way to them; all where none is named. @throws Error on an unknown name */
export function wantedPlaces(cluster: Cluster, names: readonly string[]): { bastions: Place[]; hosts: Place[] } {
  const [bastions, hosts] = [bastionPlaces(cluster), hostPlaces(cluster)];
  const all = [...bastions, ...hosts].map(({ name }) => name);
  for (const name of names) {
    if (all.includes(name)) continue;
    const meant = didYouMean(name, all);
    throw new Error(
      `${name} is not a host or bastion that SSH reaches${meant ? `; did you mean ${meant}?` : ""}: ${all.join(", ")}`,
    );
  }
  if (names.length === 0) return { bastions, hosts };
  const wanted = hosts.filter(({ name }) => names.includes(name));
  const passed = new Set(wanted.flatMap(({ way }) => way.map(({ name }) => name)));
  const named = bastions.filter(({ name }) => names.includes(name));
  for (const { way } of named) for (const { name } of way) passed.add(name);
  return { bastions: bastions.filter(({ name }) => names.includes(name) || passed.has(name)), hosts: wanted };
}

/** Reads the key of a place. Each bastion on the way to it must have its key in the config by then. */
export async function scan(place: Place, secrets: LoginSecrets, pool: SshPool): Promise<Scanned> {
  try {
    const sock = await throughBastions(place.way, place, secrets, pool);
    return { place, key: await scanHostKey(place, { sock }) };
  } catch (error) {
    const reason = (error as Error).message || (error as NodeJS.ErrnoException).code || String(error);
    if (error instanceof BastionFault) return { place, error: reason, bastion: error.bastion, cure: error.cure };
    return { place, error: reason };
  }
}

/** A line for each place: its key, or why there is none. A bastion's fault is said once, with the places behind it. */
export function scannedLines(scanned: readonly Scanned[], isReplacing: boolean): string[] {
  const faults = Map.groupBy(
    scanned.filter((one) => "error" in one && one.bastion !== undefined) as Extract<Scanned, { bastion: string }>[],
    ({ bastion, error }) => `${bastion}\n${error}`,
  );
  return [
    ...scanned.filter((one) => !("error" in one) || one.bastion === undefined).map((one) => lineOf(one, isReplacing)),
    ...[...faults.values()].map((all) => {
      const [{ bastion, error, cure }] = all as [(typeof all)[0]];
      const behind = all.map(({ place }) => place.name).join(", ");
      return `bastion ${bastion}: ERROR: ${error}\n    no key is read behind it: ${behind}\n    cure: ${cure}`;
    }),
  ];
}

function lineOf(scanned: Scanned, isReplacing: boolean): string {
  const { name, host, port, way, known } = scanned.place;
  const through = way.length > 0 ? ` through ${way.map((it) => it.name).join(", ")}` : "";
  const where = `${name} (${host}:${port}${through})`;
  if ("error" in scanned) return `${where}: ERROR: no key: ${scanned.error}`;
  const shown = `${where}: ${described(scanned.key)}`;
  if (verdict(scanned) === "same") return `${shown}, as in the file`;
  if (verdict(scanned) === "new") return shown;
  const is = `ANOTHER KEY: the file has ${described(known ?? "")}`;
  const cure = "find out why: another host may answer there. If it was reinstalled, --replace writes the new key";
  return `${shown}, ${is}${isReplacing ? "" : `; ${cure}`}`;
}

/** What a key means for the config: none is there, it is the same, another is there. */
export function verdict({ place, key }: { place: Place; key: string }): "new" | "same" | "different" {
  if (place.known === undefined) return "new";
  const words = (line: string) => plainHostKey(line).split(" ").slice(0, 2).join(" ");
  return words(place.known) === words(key) ? "same" : "different";
}

/** A key's type and SHA-256 fingerprint, as `ssh-keygen -l` prints it. */
function described(line: string): string {
  const [type = "", base64 = ""] = plainHostKey(line).split(" ");
  return `${type} ${sshFingerprint(Buffer.from(base64, "base64"))}`;
}

const clusterPath = ["config", "ha-kubernetes:cluster"];

/**
 * Puts keys into the text of a stack's file. Every other character stays: written again by the reader, numbers and lists would look
 * different.
 *
 * @throws Error where a host's place is not a mapping of its own
 */
export function writeKeys(text: string, keys: readonly { place: Place; key: string }[]): string {
  const document = parseDocument(text);
  const edits = keys.map(({ place, key }) => {
    const node = document.getIn([...clusterPath, ...place.path], true);
    // A key in a mapping that others share would be everybody's.
    if (!isMap(node) || node.anchor !== undefined || node.items.length === 0)
      throw new Error(`${place.path.join(".")} is not a mapping of its own in the file: write its hostKey by hand: ${key}`);
    return editOf(text, node, key);
  });
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce((now, { from, to, word }) => now.slice(0, from) + word + now.slice(to), text);
}

interface Edit {
  from: number;
  to: number;
  word: string;
}

function editOf(text: string, map: YAMLMap, key: string): Edit {
  const start = (node: unknown) => (isNode(node) ? (node.range?.[0] ?? 0) : 0);
  const end = (node: unknown) => (isNode(node) ? (node.range?.[1] ?? 0) : 0);
  const own = map.get("hostKey", true);
  if (isScalar(own) && own.source) return { from: start(own), to: end(own), word: key };
  const last = map.items.at(-1);
  const insert = (from: number, word: string): Edit => ({ from, to: from, word });
  if (map.flow) return insert(Math.max(end(last?.value), end(last?.key)), `, hostKey: ${key}`);
  const [first] = map.items;
  const indent = start(first?.key) - text.lastIndexOf("\n", start(first?.key)) - 1;
  // After a value that ends with its line: what follows a mapping in block style may be a comment on the next one.
  const before = map.items.findLast(({ value }) => (isScalar(value) && /^(PLAIN|QUOTE)/.test(value.type ?? "")) || isFlow(value));
  if (before === undefined) return insert(start(first?.key), `hostKey: ${key}\n${" ".repeat(indent)}`);
  const line = text.indexOf("\n", end(before.value));
  return insert(line < 0 ? text.length : line, `\n${" ".repeat(indent)}hostKey: ${key}`);
}

const isFlow = (node: unknown) => isCollection(node) && node.flow === true;
