import { type Document, isAlias, isMap } from "yaml";
import { bastionsIn, type NamedBastion, wayTo } from "../config/bastions.ts";
import type { LoginSecrets } from "../config/host-logins.ts";
import { plainHostKey } from "../config/keys.ts";
import { didYouMean } from "../config/problems.ts";
import type { Cluster } from "../config/schema.ts";
import { sshFingerprint } from "../keys/openssh.ts";
import type { SshPool } from "../plugins/ssh-pool.ts";
import { scanHostKey } from "../plugins/ssh-scan.ts";
import { bastionLogin } from "../providers/baremetal/connection.ts";
import { type PlainLogin, targetOf } from "../providers/baremetal/target.ts";

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

/** A key that a place showed, or why there is none. */
export type Scanned = { place: Place; key: string } | { place: Place; error: string };

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
    const through = bastionLogin(place.way, secrets) as PlainLogin | undefined;
    const open = place.way.find(({ bastion }) => bastion.hostKey === undefined);
    if (open !== undefined) throw new Error(`bastion ${open.name} on the way has no hostKey yet`);
    const sock = through && (await pool.stream(targetOf(through), place, { log: () => undefined }));
    return { place, key: await scanHostKey(place, { sock }) };
  } catch (error) {
    return { place, error: (error as Error).message || (error as NodeJS.ErrnoException).code || String(error) };
  }
}

/** What a key means for the config: none is there, it is the same, another is there. */
export function verdict({ place, key }: { place: Place; key: string }): "new" | "same" | "different" {
  if (place.known === undefined) return "new";
  const words = (line: string) => plainHostKey(line).split(" ").slice(0, 2).join(" ");
  return words(place.known) === words(key) ? "same" : "different";
}

/** A key's type and SHA-256 fingerprint, as `ssh-keygen -l` prints it. */
export function described(line: string): string {
  const [type = "", base64 = ""] = plainHostKey(line).split(" ");
  return `${type} ${sshFingerprint(Buffer.from(base64, "base64"))}`;
}

const clusterPath = ["config", "ha-kubernetes:cluster"];

/** Puts keys into a stack's file, and nothing else. @throws Error where a host's place is not a mapping of its own */
export function writeKeys(document: Document, keys: readonly { place: Place; key: string }[]): void {
  for (const { place, key } of keys) {
    const path = [...clusterPath, ...place.path];
    const node = document.getIn(path, true);
    // A key in a mapping that others share would be everybody's.
    if (!isMap(node) || isAlias(node) || node.anchor !== undefined)
      throw new Error(`${place.path.join(".")} is not a mapping of its own in the file: write its hostKey by hand: ${key}`);
    document.setIn([...path, "hostKey"], key);
  }
}
