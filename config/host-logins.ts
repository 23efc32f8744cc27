import { parse } from "yaml";
import { bastionsIn, wayTo } from "./bastions.ts";
import { type Passphrase, privateKeyFault } from "./keys.ts";
import { didYouMean, oneProblem, type Problem } from "./problems.ts";
import type { Cluster, HostConfig } from "./schema.ts";
import { isMapping } from "./shape.ts";

// Secrets that log in at hosts and bastions, and that make a user root there.

/** What logs in at one host or bastion. `T`: a text, or an output of one. */
export interface HostLogin<T = string> {
  /** A private key as its file has it. */
  privateKey?: T;
  /** Of `privateKey`. */
  passphrase?: T;
  password?: T;
  /** What sudo asks the user for. Hosts only. */
  sudoPassword?: T;
}
const fields = ["privateKey", "passphrase", "password", "sudoPassword"] as const satisfies (keyof HostLogin)[];

/** The secret `sshLogins`: logins by the name of a host or bastion; of `ssh.bastion` it is `bastion`. */
export type HostLogins<T = string> = Readonly<Record<string, HostLogin<T>>>;

/** The stack's secrets that log in everywhere, and those of single hosts. */
export interface LoginSecrets<T = string> {
  sshPrivateKey?: T;
  sshKeyPassphrase?: T;
  sshPassword?: T;
  sudoPassword?: T;
  sshLogins?: HostLogins<T>;
}

/** The logins of the stack's secret sshLogins, a mapping in YAML or JSON. Throws where `hostLoginProblems` finds it wrong. */
export const readHostLogins = (text: string): HostLogins => parse(text, { merge: true }) as HostLogins;

/**
 * What logs in at a host or bastion: its own key and password where it has one of them, and the stack's elsewhere; its own password for
 * sudo, and else the stack's.
 */
export function loginAt<T>(name: string, secrets: LoginSecrets<T>): HostLogin<T> {
  const own = secrets.sshLogins?.[name] ?? {};
  const isOwn = own.privateKey !== undefined || own.password !== undefined;
  const login = isOwn
    ? own
    : { privateKey: secrets.sshPrivateKey, passphrase: secrets.sshKeyPassphrase, password: secrets.sshPassword };
  const all = { ...login, sudoPassword: own.sudoPassword ?? secrets.sudoPassword };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The user who becomes root by sudo on a host; undefined where the login is root's own. */
export function sudoUser(host: Pick<HostConfig, "connection" | "sudo" | "sshUser">, ssh: Cluster["ssh"]): string | undefined {
  if (host.connection === "local") return host.sudo ? "the user of this machine" : undefined;
  const user = host.sshUser ?? ssh.user;
  return user === "root" ? undefined : user;
}

/** How a value of sshLogins is stored. */
export const hostLoginPath = (name: string, field: string) => `--path 'sshLogins["${name}"].${field}'`;
const cure = `config set --secret ${hostLoginPath("NAME", "password")} < a file with it; the fields are ${fields.join(", ")}`;

/** Mistakes in the stack's secret sshLogins, in words that hold nothing of it but names of hosts and fields. */
export function hostLoginProblems(key: string, text: string, cluster: Cluster): Problem[] {
  const allowed = `a mapping of hosts and bastions to what logs in there: ${fields.join(", ")}`;
  let logins: unknown;
  try {
    logins = parse(text, { merge: true });
  } catch {
    return oneProblem(key, "is neither YAML nor JSON (not shown)", allowed, cure);
  }
  if (!isMapping(logins)) return oneProblem(key, "is not a mapping (not shown)", allowed, cure);
  return Object.entries(logins).flatMap(([name, login]) => entryProblems(key, name, login, cluster));
}

function entryProblems(key: string, name: string, login: unknown, cluster: Cluster): Problem[] {
  const isHost = Object.hasOwn(cluster.hosts, name);
  const names = [...Object.keys(cluster.hosts), ...bastionsIn(cluster.ssh).map((it) => it.name)];
  // Another name may be a password in the wrong place.
  if (!names.includes(name)) {
    const meant = didYouMean(name, names);
    const found = `has a name that is neither a host's nor a bastion's (not shown${meant ? `; did you mean ${meant}?` : ""})`;
    return oneProblem(key, found, names.join(", "), `config rm ${key}, then store the others again`);
  }
  const at = `${key}.${name}`;
  if (!isMapping(login)) return oneProblem(at, "is not a mapping (not shown)", `a mapping with ${fields.join(", ")}`, cure);
  const wrong = Object.entries(login).flatMap(([field, value]): Problem[] => {
    if (!fields.some((it) => it === field)) {
      const meant = didYouMean(field, fields);
      return oneProblem(
        at,
        `has a field of another name (not shown${meant ? `; did you mean ${meant}?` : ""})`,
        fields.join(", "),
      );
    }
    return textFault(`${at}.${field}`, value, field === "privateKey");
  });
  if (wrong.length > 0) return wrong;
  const { privateKey, passphrase, password, sudoPassword } = login as HostLogin;
  const lock = { key: hostLoginPath(name, "passphrase"), text: passphrase };
  const host = isHost ? cluster.hosts[name] : undefined;
  const nothing = (field: string, why: string) => oneProblem(`${at}.${field}`, "is not used", `nothing, because ${why}`);
  return [
    ...keyProblems(`${at}.privateKey`, hostLoginPath(name, "privateKey"), privateKey, lock),
    ...(passphrase !== undefined && privateKey === undefined
      ? nothing("passphrase", "the entry has no privateKey; that of all hosts is sshKeyPassphrase")
      : []),
    ...(host?.connection === "local" && (privateKey ?? password) !== undefined
      ? nothing(privateKey === undefined ? "password" : "privateKey", "the host's connection is local")
      : []),
    ...(sudoPassword !== undefined && host === undefined ? nothing("sudoPassword", "nothing runs as root on a bastion") : []),
    ...(sudoPassword !== undefined && host !== undefined && sudoUser(host, cluster.ssh) === undefined
      ? nothing("sudoPassword", "commands run there as root without sudo")
      : []),
  ];
}

/** A mistake in a secret of one line, or of several for a key. */
export function textFault(key: string, value: unknown, isKey = false): Problem[] {
  const allowed = isKey ? "the text of a private key file" : "a text of one line";
  if (typeof value !== "string")
    return oneProblem(key, "is not a text (not shown)", `${allowed}; YAML needs quotes around a number`);
  if (value.trim() === "") return oneProblem(key, "is empty", allowed);
  // sudo and PAM read one line: a line's end inside would leave the rest to what comes next.
  return !isKey && /\p{Cc}/u.test(value)
    ? oneProblem(key, "has a line's end or another control character (not shown)", allowed)
    : [];
}

/** A mistake in a private key. `stored`: how `config set --secret` names it. */
export function keyProblems(key: string, stored: string, privateKey: string | undefined, lock?: Passphrase): Problem[] {
  const fault = privateKey === undefined ? undefined : privateKeyFault(privateKey, stored, lock);
  const allowed = "the text of a private key file, from -----BEGIN … PRIVATE KEY----- on";
  return fault === undefined ? [] : oneProblem(key, `${fault.found} (not shown)`, allowed, fault.cure);
}

/** Hosts that exist already and bastions on the way to them that nothing logs in to. */
export function withoutLogin(cluster: Cluster, secrets: LoginSecrets): string[] {
  const { hosts, ssh, traits } = cluster;
  if (traits.createsHosts || ssh.agent) return [];
  const reached = Object.entries(hosts).filter(([, { connection, lost }]) => connection === "ssh" && !lost);
  const names = reached.flatMap(([name, host]) => [...wayTo(host, ssh).map((it) => it.name), name]);
  return [...new Set(names)].filter((name) => {
    const { privateKey, password } = loginAt(name, secrets);
    return privateKey === undefined && password === undefined;
  });
}

/** Whether no host asks for the stack's secret sudoPassword. */
export const needsNoSudo = ({ hosts, ssh }: Cluster): boolean =>
  Object.values(hosts).every((host) => sudoUser(host, ssh) === undefined);
