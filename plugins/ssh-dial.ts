import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import ssh2, { type AuthenticationType, type ConnectConfig, type Client as SshClient } from "ssh2";
import { sshFingerprint, sshReadableKey } from "./openssh.ts";

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

/** What a wait needs: how to say something, and when to give up. */
export interface Wait {
  log: (line: string) => void;
  signal?: AbortSignal;
}

/** A failure that another try can't mend. */
export class PermanentError extends Error {}

/** Milliseconds before the second dial, growth and cap: those of Pulumi's sdk/go/common/util/retry. */
const backoff = { first: 100, growth: 1.5, cap: 5000 };
/** Milliseconds between probes of a silent connection, and how many may go unanswered: a dead host is noticed in half a minute. */
const keepalive = { interval: 10_000, count: 3 };

/** user@host:port, for messages. */
export const where = ({ user, host, port }: SshEndpoint): string => `${user}@${host}:${port}`;

/** Two targets with the same key may share a connection. */
export const targetKey = (target: SshTarget): string => createHash("sha256").update(JSON.stringify(target)).digest("hex");

/**
 * Tries until it works, with growing pauses.
 *
 * @throws The last failure when `limit` failures were borne, or the first {@link PermanentError}.
 */
export async function retryDial<T>(what: string, limit: number, { log, signal }: Wait, attempt: () => Promise<T>): Promise<T> {
  let pause = backoff.first;
  for (let failures = 1; ; failures++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const reason = (error as Error).message;
      if (error instanceof PermanentError) throw error;
      if (limit >= 0 && failures > limit) {
        throw new Error(`cannot reach ${what}: ${reason} (tried ${failures} times)`);
      }
      log(`${what}: ${reason}; try ${failures} of ${limit < 0 ? "any number" : limit + 1}`);
      await delay(pause, undefined, { signal });
      pause = Math.min(pause * backoff.growth, backoff.cap);
    }
  }
}

function parseHostKey(endpoint: SshEndpoint, line: string): { type: string; blob: Buffer } {
  const [, type = "", base64 = ""] = /(?:^|\s)((?:ssh|ecdsa|sk)-[\w@.-]+)\s+([A-Za-z0-9+/]+=*)/.exec(line) ?? [];
  const parsed = ssh2.utils.parseKey(`${type} ${base64}`);
  if (type === "" || parsed instanceof Error) {
    throw new PermanentError(`hostKey of ${where(endpoint)} is not one line as in authorized_keys ("ssh-ed25519 AAAA…")`);
  }
  return { type, blob: parsed.getPublicSSH() };
}

/** Signatures that a key type may be proven with; SHA-1 is not among them. */
const signatures = (keyType: string): string[] => (keyType === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [keyType]);

function clientConfig(endpoint: SshEndpoint, sock: Duplex | undefined, mismatch: (message: string) => void): ConnectConfig {
  const { host, port, user: username, password } = endpoint;
  const config: ConnectConfig = {
    host,
    port,
    username,
    sock: sock as ConnectConfig["sock"],
    readyTimeout: endpoint.perDialTimeout * 1000,
    keepaliveInterval: keepalive.interval,
    keepaliveCountMax: keepalive.count,
  };
  if (endpoint.hostKey !== undefined) {
    const expected = parseHostKey(endpoint, endpoint.hostKey);
    config.algorithms = { serverHostKey: signatures(expected.type) as never };
    config.hostVerifier = (key: Buffer) => {
      if (key.equals(expected.blob)) return true;
      mismatch(`host key is ${sshFingerprint(key)}, but hostKey says ${sshFingerprint(expected.blob)}`);
      return false;
    };
  }
  const methods: unknown[] = [{ type: "none", username }];
  if (endpoint.privateKey !== undefined) {
    methods.push({ type: "publickey", username, key: readKey(endpoint), passphrase: endpoint.privateKeyPassword });
  }
  if (password !== undefined) {
    const prompt = (_name: string, _text: string, _lang: string, prompts: unknown[], finish: (answers: string[]) => void) =>
      finish(prompts.map(() => password));
    methods.push({ type: "password", username, password }, { type: "keyboard-interactive", username, prompt });
  }
  const agent = endpoint.agentSocketPath ?? process.env.SSH_AUTH_SOCK;
  if (agent) methods.push({ type: "agent", username, agent });
  config.authHandler = methods as AuthenticationType[];
  return config;
}

function readKey(endpoint: SshEndpoint): string {
  try {
    const key = sshReadableKey(endpoint.privateKey ?? "", endpoint.privateKeyPassword);
    const parsed = ssh2.utils.parseKey(key, endpoint.privateKeyPassword);
    if (parsed instanceof Error) throw parsed;
    return key;
  } catch (error) {
    // The parser's message is about the format; it holds nothing of the key.
    throw new PermanentError(`privateKey of ${where(endpoint)} cannot be used: ${(error as Error).message}`);
  }
}

/**
 * One try to open a connection and log in.
 *
 * @param sock - A stream to the server; by default a TCP connection.
 * @throws PermanentError when the host key is not the expected one, or a key cannot be read.
 */
export function dialOnce(endpoint: SshEndpoint, sock?: Duplex, signal?: AbortSignal): Promise<SshClient> {
  return new Promise((resolve, reject) => {
    let wrongKey: string | undefined;
    const config = clientConfig(endpoint, sock, (message) => {
      wrongKey = message;
    });
    const client = new ssh2.Client();
    const onAbort = () => fail(new Error("interrupted"));
    const fail = (error: Error) => {
      signal?.removeEventListener("abort", onAbort);
      // Errors that a connection still has after it failed once say nothing new.
      client.removeAllListeners().on("error", () => {});
      client.destroy();
      sock?.destroy();
      if (wrongKey) return reject(new PermanentError(`${where(endpoint)} refused: its ${wrongKey}`));
      if (/no matching host key format/.test(error.message)) {
        return reject(new PermanentError(`${where(endpoint)} refused: it has no host key of the type that hostKey names`));
      }
      reject(error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    client.once("error", fail);
    client.once("close", () => fail(new Error("the server closed the connection")));
    client.once("ready", () => {
      signal?.removeEventListener("abort", onAbort);
      client.removeAllListeners();
      resolve(client);
    });
    client.connect(config);
    // Small packets that wait for an acknowledgement cost 40 ms each, a dozen times in a handshake.
    if (!sock) client.setNoDelay(true);
  });
}
