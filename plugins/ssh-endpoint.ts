import { createHash } from "node:crypto";

/** One SSH server and how to log in; as in the inputs of remote.Command, defaults filled in. */
export interface SshEndpoint {
  host: string;
  port: number;
  user: string;
  password?: string;
  /** PEM; tried before the password. */
  privateKey?: string;
  privateKeyPassword?: string;
  /** Socket of an agent; by default that of SSH_AUTH_SOCK, where it is set. */
  agentSocketPath?: string;
  /** Failed dials that are borne; the next one is an error. -1: no end. */
  dialErrorLimit: number;
  /** Seconds for one dial with its handshake; 0: no limit. */
  perDialTimeout: number;
  /** Line as in authorized_keys. Absent: any host key is accepted. */
  hostKey?: string;
}

/** An SSH server, maybe behind a bastion. */
export interface SshTarget extends SshEndpoint {
  proxy?: SshEndpoint;
}

/** A failure that another try can't mend. */
export class PermanentError extends Error {}
/** The server knows the user or the key not. Another try only feeds what bans addresses. */
export class RefusedLogin extends PermanentError {}

/** user@host:port, for messages. */
export const where = ({ user, host, port }: SshEndpoint): string => `${user}@${host}:${port}`;

/** Two targets with the same key may share a connection. */
export const targetKey = (target: SshTarget): string => createHash("sha256").update(JSON.stringify(target)).digest("hex");
