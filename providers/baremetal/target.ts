import type { SshTarget } from "../../plugins/ssh-endpoint.ts";
import type { BastionLogin } from "../contract.ts";

/** A login whose secrets are texts. */
export interface PlainLogin extends BastionLogin {
  host: string;
  privateKey?: string;
  privateKeyPassword?: string;
  password?: string;
  hostKey?: string;
  bastion?: PlainLogin;
}

/** Tries and seconds for one look at a host that should be there: a host that boots is waited for a little. */
const patience = { dialErrorLimit: 2, perDialTimeout: 10 };

/** The server of a login, as a connection wants it, for one look. */
export function targetOf({
  host,
  port,
  user,
  privateKey,
  privateKeyPassword,
  password,
  hostKey,
  bastion,
}: PlainLogin): SshTarget {
  const secrets = { privateKey, privateKeyPassword, password, hostKey };
  const given = Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== undefined));
  return { host, port, user, ...given, ...patience, ...(bastion && { proxy: targetOf(bastion) }) };
}
