import * as pulumi from "@pulumi/pulumi";
import { sudoUser } from "../../config/host-logins.ts";
import { counted } from "../../config/problems.ts";
import type { HostConfig } from "../../config/schema.ts";
import { asRoot, becomingOf, withPassword } from "../../hosts/sudo.ts";
import { runHere } from "../../plugins/command-local.ts";
import { CommandOutput } from "../../plugins/command-output.ts";
import { SshPool } from "../../plugins/ssh-pool.ts";
import type { Connection, ProviderArgs } from "../contract.ts";
import { hostConnection } from "./connection.ts";
import { accountOf, oneFirst, passedOver, verdictOf } from "./one-first.ts";
import { type PlainLogin, targetOf } from "./target.ts";

// The engine stops at the first host that fails, when others have been changed already. So hosts that are new to the cluster are logged in
// to before anything is made, and all that can't be used are named at once.

/** What tells the program to make hosts without that look: HA_KUBERNETES_FIRST_LOOK=no. */
const isOff = () => process.env.HA_KUBERNETES_FIRST_LOOK === "no";

/** Seconds until a host's answer is given up: sudo asks a name service at worst. */
const deadline = 60;

/** Hosts with one reason why they can't be used, and what helps. */
export interface Unusable {
  hosts: string[];
  reason: string;
  cure?: string;
}

/**
 * Logs in to every host that is new to the cluster and becomes root there. Does nothing in a preview.
 *
 * @throws pulumi.RunError naming every host that can't be used, with cause and cure
 */
export async function refuseUnusable(args: ProviderArgs): Promise<void> {
  const { cluster, knownHosts } = args;
  if (knownHosts === undefined || pulumi.runtime.isDryRun() || isOff()) return;
  const names = Object.keys(cluster.hosts).filter((name) => !knownHosts.has(name) && !cluster.hosts[name]?.lost);
  const secrets = await plain(args.secrets);
  const unusable = await lookAt(cluster, names, secrets);
  if (unusable.length > 0) throw new pulumi.RunError(unusableText(unusable, names.length));
}

/** Secrets as texts, for this process alone. */
const plain = (secrets: ProviderArgs["secrets"]): Promise<ProviderArgs["secrets"]> =>
  new Promise((resolve) => {
    pulumi.output(secrets as pulumi.Input<object>).apply((texts) => resolve(texts as ProviderArgs["secrets"]));
  });

/** Logs in to hosts, all at the same time, but with each password at one first. Returns those that can't be used. */
export async function lookAt(
  { hosts, ssh }: ProviderArgs["cluster"],
  names: readonly string[],
  secrets: ProviderArgs["secrets"],
): Promise<Unusable[]> {
  const pool = new SshPool();
  const connectionTo = (name: string, host: HostConfig) =>
    hostConnection(name, { ...host, address: host.address ?? name }, ssh, secrets);
  const look = async (name: string): Promise<[string, string | undefined]> => {
    const host = hosts[name];
    if (host === undefined) return [name, undefined];
    const connection = connectionTo(name, host);
    const becoming = becomingOf(sudoUser(host, ssh) ?? "root", connection.sudoPassword !== undefined);
    return [name, await fault(pool, connection, asRoot(":", becoming, name))];
  };
  try {
    const looked = await oneFirst<string, [string, string | undefined]>(names, {
      accountOf: (name) => hosts[name] && accountOf(connectionTo(name, hosts[name])),
      ask: look,
      verdictOf: ([, reason]) => verdictOf(reason),
      passedOver: (name, other) => [name, passedOver(other)],
    });
    const reasons = Map.groupBy(
      looked.filter(([, reason]) => reason !== undefined),
      ([, reason]) => reason as string,
    );
    return [...reasons].map(([reason, found]) => ({ hosts: found.map(([name]) => name), reason, cure: cureOf(reason) }));
  } finally {
    await pool.close();
  }
}

/** Why a command does not run on a host; undefined if it does. */
async function fault(pool: SshPool, connection: Connection, command: string): Promise<string | undefined> {
  const output = new CommandOutput("none", () => undefined);
  const signal = AbortSignal.timeout(deadline * 1000);
  const stdin = withPassword("", connection.sudoPassword as string | undefined);
  try {
    const exit =
      connection.kind === "local"
        ? await runHere({ text: command, stdin, environment: {}, output, signal })
        : await pool.run(targetOf(connection as PlainLogin), {
            ...{ command, stdin, signal, log: () => undefined },
            onOutput: (stream, chunk) => output.write(stream, chunk),
          });
    output.end();
    if (exit.code === 0) {
      if (connection.kind === "ssh") await pool.proveFiles(targetOf(connection as PlainLogin), { signal, log: () => undefined });
      return undefined;
    }
    const said = output
      .text("stderr")
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^ERROR: [^:]*: /, "");
    return said || `a command there ends with ${exit.signal ?? exit.code}`;
  } catch (error) {
    return signal.aborted ? `no answer within ${deadline} s` : (error as Error).message;
  }
}

/** What helps, by the words of the reason why a host can't be used; undefined where they say it. */
export function cureOf(reason: string): string | undefined {
  const cures: readonly (readonly [RegExp, string])[] = [
    [
      /refuses the login/,
      "Compare cluster.ssh.user and the secret sshPrivateKey, or sshPassword where the host takes passwords alone, with the logins that the host accepts; of single hosts: sshUser, sshLogins.",
    ],
    [/host key/, "Compare the key with the one that the host itself shows. If it is new: npm run hosts:scan -- --replace HOST."],
    [
      /sudo: a password is required|interactive authentication/,
      "sudo asks for a password: npm run config -- set --secret sudoPassword stores it; of one host: docs/logins.md.",
    ],
    [
      /cannot reach|no answer|ECONN|EHOST|ENET|ENOTFOUND|forward|open failed/i,
      "Start the host, and compare its address, sshAddress, sshPort and sshBastion with what it has.",
    ],
  ];
  return cures.find(([words]) => words.test(reason))?.[1];
}

/** The message about hosts that can't be used. */
export function unusableText(unusable: readonly Unusable[], looked: number): string {
  const bad = unusable.reduce((sum, { hosts }) => sum + hosts.length, 0);
  const cures = new Set(unusable.flatMap(({ cure }) => cure ?? []));
  return [
    `${bad} of ${counted(looked, "new host")} can't be used, and nothing was touched:`,
    ...unusable.map(({ hosts, reason }) => `  - ${hosts.join(", ")}: ${reason}`),
    ...[...cures].map((cure) => `    cure: ${cure}`),
  ].join("\n");
}
