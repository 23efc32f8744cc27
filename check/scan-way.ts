import type { Duplex } from "node:stream";
import { COMMON_BASTION, type NamedBastion } from "../config/bastions.ts";
import { hostLoginPath, type LoginSecrets } from "../config/host-logins.ts";
import { NoForwarding } from "../plugins/ssh-endpoint.ts";
import type { SshPool } from "../plugins/ssh-pool.ts";
import { bastionLogin } from "../providers/baremetal/connection.ts";
import { type PlainLogin, targetOf } from "../providers/baremetal/target.ts";

// The way through bastions to a place whose key is to be read.

/** Why a bastion lets nobody through: the same for every place behind it. Holds no secret. */
export class BastionFault extends Error {
  readonly bastion: string;
  readonly cure: string;

  constructor(bastion: string, reason: string, cure: string) {
    super(reason);
    this.bastion = bastion;
    this.cure = cure;
  }
}

/**
 * A stream to a place through the bastions of a way; undefined where there are none. Each must have its key in the config by then.
 *
 * @throws BastionFault naming the bastion that does not let it through, and what helps; Error where the last one does not reach the place
 */
export async function throughBastions(
  way: readonly NamedBastion[],
  to: { host: string; port: number },
  secrets: LoginSecrets,
  pool: SshPool,
): Promise<Duplex | undefined> {
  for (const [index, { name, bastion }] of way.entries()) {
    if (bastion.hostKey === undefined) throw new BastionFault(name, "has no hostKey yet", `npm run hosts:scan -- ${name}`);
    const login = bastionLogin(way.slice(0, index + 1), secrets) as PlainLogin;
    try {
      await pool.prove(targetOf(login), quiet);
    } catch (error) {
      // The one before it does not let the connection on.
      const at = error instanceof NoForwarding ? (way[index - 1] as NamedBastion) : { name };
      throw faultOf(at, (error as Error).message, secrets);
    }
  }
  const last = way.at(-1);
  if (last === undefined) return undefined;
  try {
    return await pool.stream(targetOf(bastionLogin(way, secrets) as PlainLogin), to, quiet);
  } catch (error) {
    if (error instanceof NoForwarding) throw faultOf(last, error.message, secrets);
    throw error;
  }
}

const quiet = { log: () => undefined };

function faultOf({ name }: Pick<NamedBastion, "name">, reason: string, secrets: LoginSecrets): BastionFault {
  const place = name === COMMON_BASTION ? "ssh.bastion" : `ssh.bastions.${name}`;
  const store = (field: "privateKey" | "passphrase" | "password") =>
    `npm run config -- set --secret ${secretOf(name, field, secrets)}`;
  const cures: readonly (readonly [RegExp, () => string])[] = [
    [
      /lets no connection through/,
      () => `allow it in that bastion's sshd_config: AllowTcpForwarding local, and PermitOpen, if it is there`,
    ],
    [
      /private ?key.*(passphrase|encrypted)|passphrase/i,
      () => `${store("passphrase")} stores the passphrase of the key that logs in there`,
    ],
    [/privateKey of/, () => `${store("privateKey")} stores another key`],
    [
      /refuses the login/,
      () =>
        `compare ${place}.user with the logins that it accepts; ${store(usesKey(name, secrets) ? "privateKey" : "password")} stores what logs in`,
    ],
    [
      /host key/,
      () => `compare the key with the one that the bastion itself shows. If it is new: npm run hosts:scan -- --replace ${name}`,
    ],
  ];
  const cure =
    cures.find(([words]) => words.test(reason))?.[1]() ?? `start it, and compare ${place}.host and port with what it has`;
  return new BastionFault(name, reason, cure);
}

const hasOwn = (name: string, { sshLogins }: LoginSecrets) =>
  sshLogins?.[name]?.privateKey !== undefined || sshLogins?.[name]?.password !== undefined;
const usesKey = (name: string, secrets: LoginSecrets) =>
  (hasOwn(name, secrets) ? secrets.sshLogins?.[name]?.privateKey : secrets.sshPrivateKey) !== undefined;

/** How the secret is stored that logs in at a bastion: its own, or that of all. */
function secretOf(name: string, field: "privateKey" | "passphrase" | "password", secrets: LoginSecrets): string {
  if (hasOwn(name, secrets)) return hostLoginPath(name, field);
  return { privateKey: "sshPrivateKey", passphrase: "sshKeyPassphrase", password: "sshPassword" }[field];
}
