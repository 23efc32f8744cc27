import { createHash } from "node:crypto";

/** One SSH server and how to log in: the inputs of remote.Command, with defaults. */
export interface SshEndpoint {
  host: string;
  port: number;
  user: string;
  password?: string;
  /** In PEM; tried before the password. */
  privateKey?: string;
  privateKeyPassword?: string;
  /** Socket of an agent; by default SSH_AUTH_SOCK, if set. */
  agentSocketPath?: string;
  /** Failed dials that are tolerated; the next one is an error. -1: no limit. */
  dialErrorLimit: number;
  /** Seconds for one dial with its handshake; 0: no limit. */
  perDialTimeout: number;
  /** Line as in authorized_keys. Absent: any host key is accepted. */
  hostKey?: string;
}

/** An SSH server, possibly behind a bastion, which may be behind another. Pulumi's plugin knows one bastion alone. */
export interface SshTarget extends SshEndpoint {
  proxy?: SshTarget;
}

/** A failure that another try can't fix. */
export class PermanentError extends Error {}
/** The server does not know the user or the key. Another try would only get this address banned. */
export class RefusedLogin extends PermanentError {}
/** A bastion takes the login and lets no connection through, whatever it leads to. */
export class NoForwarding extends PermanentError {}

/** user@host:port, for messages. */
export const where = ({ user, host, port }: SshEndpoint): string => `${user}@${host}:${port}`;

/** Two targets with the same key may share a connection. */
export const targetKey = (target: SshTarget): string => createHash("sha256").update(JSON.stringify(target)).digest("hex");
