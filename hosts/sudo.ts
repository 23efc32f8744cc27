import { readFileSync } from "node:fs";

// How a script becomes root on a host: all that a login needs for it, and nothing that is secret.

/** How a script becomes root: it is, or by sudo without a password, or with the one in the first line of stdin. */
export type Becoming = "root" | "sudo" | "sudo with a password";

/** How the scripts of a user become root. */
export const becomingOf = (user: string, hasPassword: boolean): Becoming =>
  user === "root" ? "root" : hasPassword ? "sudo with a password" : "sudo";

let asking: string | undefined;

/** The command of a login shell that runs a script of bash as root. `what` names the script in messages: not a secret. */
export function asRoot(script: string, becoming: Becoming, what: string, shell = "bash"): string {
  if (becoming === "root") return `exec ${shell} -c ${quote(script)}`;
  if (becoming === "sudo") return `exec sudo -n ${shell} -c ${quote(script)}`;
  asking ??= readFileSync(new URL("sudo.sh", import.meta.url), "utf8").replaceAll(/^ *#.*\n/gm, "");
  return `exec bash -c ${quote(asking)} ${quote(what)} ${quote(script)}`;
}

/** A script's stdin with what sudo reads in front of it. */
export const withPassword = (stdin: string, password: string | undefined): string =>
  password === undefined ? stdin : `${password}\n${stdin}`;

/** Takes the password off a stage's stdin, whose bundle is a single line. */
export function withoutPassword(stdin: string): { password?: string; bundle: string } {
  const end = stdin.indexOf("\n");
  return end < 0 ? { bundle: stdin } : { password: stdin.slice(0, end), bundle: stdin.slice(end + 1) };
}

/** `value` as one word of a POSIX shell. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
