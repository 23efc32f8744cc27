import type { Bastion } from "./schema/ssh.ts";
import type { Cluster, HostConfig } from "./schema.ts";

type Ssh = Cluster["ssh"];

/** What the host's key `sshBastion` says where it is reached directly. */
export const NO_BASTION = "none";
/** The name of `ssh.bastion`, which has none of its own: in `sshLogins`, and in messages. */
export const COMMON_BASTION = "bastion";

/** A bastion with its name and its place in the config. */
export interface NamedBastion {
  name: string;
  /** Below `ssh`. */
  path: readonly string[];
  bastion: Bastion;
}

/** Every bastion of the config: the one of all hosts first. */
export const bastionsIn = ({ bastion, bastions }: Ssh): NamedBastion[] => [
  ...(bastion === undefined ? [] : [{ name: COMMON_BASTION, path: ["bastion"], bastion }]),
  ...Object.entries(bastions).map(([name, bastion]) => ({ name, path: ["bastions", name], bastion })),
];

/**
 * The bastions on the way to a host, in the order in which a connection passes them: the first is reached from this machine. None where
 * the host is reached directly. What the rules refuse, a circle or a name without a bastion, ends the way.
 */
export function wayTo({ connection, sshBastion }: Pick<HostConfig, "connection" | "sshBastion">, ssh: Ssh): NamedBastion[] {
  if (connection === "local" || sshBastion === NO_BASTION) return [];
  const all = new Map(bastionsIn(ssh).map((it) => [it.name, it]));
  const way: NamedBastion[] = [];
  for (let name: string | undefined = sshBastion ?? COMMON_BASTION; name !== undefined; ) {
    const next = all.get(name);
    if (next === undefined || way.includes(next)) break;
    way.unshift(next);
    name = next.bastion.through;
  }
  return way;
}
