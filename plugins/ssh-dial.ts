import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import ssh2, { type ConnectConfig, type Client as SshClient } from "ssh2";
import { sshFingerprint } from "../keys/openssh.ts";
import { PermanentError, RefusedLogin, type SshEndpoint, where } from "./ssh-endpoint.ts";
import { type Login, loginOf } from "./ssh-login.ts";

/** Passed to everything that waits: where log lines go, and the signal to give up. */
export interface Wait {
  log: (line: string) => void;
  signal?: AbortSignal;
}

/** Whether the server itself refused this login; any other error may come from a host that is still booting. */
const isRefusal = (error: Error & { level?: string }): boolean =>
  error.level === "client-authentication" || /too many authentication failures/i.test(error.message);

/** Milliseconds before the second dial, growth and cap, as in Pulumi's sdk/go/common/util/retry. */
const backoff = { first: 100, growth: 1.5, cap: 5000 };
/** Milliseconds between probes of a silent connection, and how many may go unanswered: a dead host is noticed in half a minute. */
const keepalive = { interval: 10_000, count: 3 };

/**
 * Tries until it works, with growing pauses.
 *
 * @throws The last error after more than `limit` failures, or the first {@link PermanentError}.
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

/** The signature algorithms that are accepted for a key type; SHA-1 is not among them. */
const signatures = (keyType: string): string[] => (keyType === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [keyType]);

function clientConfig(
  endpoint: SshEndpoint,
  login: Login,
  sock: Duplex | undefined,
  mismatch: (message: string) => void,
): ConnectConfig {
  const { host, port, user: username } = endpoint;
  const config: ConnectConfig = {
    host,
    port,
    username,
    authHandler: login.handler,
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
  return config;
}

/**
 * One try to open a connection and log in.
 *
 * @param sock - A stream to the server; by default a TCP connection.
 * @throws PermanentError if the host key is not the expected one, or a key cannot be read; {@link RefusedLogin} if the server
 *   answered and refused the user.
 */
export function dialOnce(endpoint: SshEndpoint, sock?: Duplex, signal?: AbortSignal): Promise<SshClient> {
  return new Promise((resolve, reject) => {
    let wrongKey: string | undefined;
    let banner = "";
    const login = loginOf(endpoint);
    const config = clientConfig(endpoint, login, sock, (message) => {
      wrongKey = message;
    });
    const client = new ssh2.Client();
    const onAbort = () => fail(new Error("interrupted"));
    const fail = (error: Error) => {
      signal?.removeEventListener("abort", onAbort);
      // Further errors of a failed connection say nothing new.
      client.removeAllListeners().on("error", () => {});
      client.destroy();
      sock?.destroy();
      if (wrongKey) return reject(new PermanentError(`${where(endpoint)} refused: its ${wrongKey}`));
      if (/no matching host key format/.test(error.message)) {
        return reject(new PermanentError(`${where(endpoint)} refused: it has no host key of the type that hostKey names`));
      }
      if (isRefusal(error)) return reject(new RefusedLogin(`${where(endpoint)} ${login.refusal()}`));
      reject(error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    client.once("error", fail);
    client.once("close", () => fail(new Error(`the server closed the connection${banner}`)));
    // If an account may not log in now, such as during boot, the server sends the reason as a banner.
    client.on("banner", (text) => {
      banner = `: ${text
        .replaceAll(/[^\x20-\x7e]+/g, " ")
        .trim()
        .slice(-200)}`;
    });
    client.once("ready", () => {
      signal?.removeEventListener("abort", onAbort);
      client.removeAllListeners();
      resolve(client);
    });
    client.connect(config);
    // Without this, small packets wait 40 ms for an acknowledgment, a dozen times in a handshake.
    if (!sock) client.setNoDelay(true);
  });
}
