import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { ClientChannel, SFTPWrapper, Client as SshClient } from "ssh2";
import { type RemoteFile, writeRemoteFile } from "./ssh-copy.ts";
import { dialOnce, retryDial, type Wait } from "./ssh-dial.ts";
import { RefusedLogin, type SshEndpoint, type SshTarget, targetKey, where } from "./ssh-endpoint.ts";
import { forward } from "./ssh-forward.ts";

/** Commands at once on one connection: fewer than sshd's default MaxSessions of 10, which must not be reached. */
const sessionsPerConnection = 8;
/** Milliseconds that a connection gets to close cleanly. */
const grace = 5000;

/** How a command ended. */
export interface Exit {
  /** Exit status; undefined if a signal ended it. */
  code?: number;
  /** Name of the signal that ended it, without SIG. */
  signal?: string;
}

/** A command to run on a host. */
export interface Execution extends Wait {
  command: string;
  stdin?: string;
  /** Sent as SSH "env" requests that the server may ignore. */
  environment?: Record<string, string>;
  onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void;
}

/** Requests a session on a connection. */
type Begin<Session> = (client: SshClient, opened: (error: Error | undefined, session: Session) => void) => void;

interface Link {
  client: SshClient;
  sessions: number;
  /** Why the connection ended; undefined while it lives. */
  ended?: Error;
}

interface HostLinks {
  links: Link[];
  dialing?: Promise<Link>;
}

/** SSH connections that commands share: as few for a host and user as sshd's session limit allows, kept until the run ends. */
export class SshPool {
  readonly #hosts = new Map<string, HostLinks>();
  /** Logins that a server refused: each is tried once in a run, however many commands need it. */
  readonly #refused = new Map<string, RefusedLogin>();

  /**
   * Runs one command and waits for its end.
   *
   * A connection that turns out to be dead before the command was sent is replaced; one that dies later is an error, because the
   * command may have run.
   *
   * @throws Error if the host can't be reached, the connection is lost, or the wait for a host is interrupted.
   */
  async run(target: SshTarget, execution: Execution): Promise<Exit> {
    const { command, environment: env } = execution;
    const begin: Begin<ClientChannel> = (client, opened) => client.exec(command, { env }, opened);
    return this.#session(target, execution, begin, (link, channel) => finish(link, channel, execution, where(target)));
  }

  /**
   * Writes one file over SFTP, completely or with an error.
   *
   * @throws Like `run`, and if the server can't write the file.
   */
  copy(target: SshTarget, file: RemoteFile, wait: Wait): Promise<void> {
    const begin: Begin<SFTPWrapper> = (client, opened) => client.sftp(opened);
    return this.#session(target, wait, begin, (_, sftp) => writeRemoteFile(sftp, file, where(target), wait.signal));
  }

  /**
   * Whether files can be brought to a host: SFTP answers. Writes nothing.
   *
   * @throws Like `run`, and if the server has no SFTP.
   */
  async proveFiles(target: SshTarget, wait: Wait): Promise<void> {
    const begin: Begin<SFTPWrapper> = (client, opened) => client.sftp(opened);
    try {
      await this.#session(target, wait, begin, async (_, sftp) => sftp.end());
    } catch (error) {
      const why = (error as Error).message;
      throw new Error(`${where(target)} answers no SFTP, which brings files to hosts (Subsystem sftp in sshd_config): ${why}`);
    }
  }

  /** Opens a connection if there is none, and does nothing else. @throws Like `run`. */
  async prove(target: SshTarget, wait: Wait): Promise<void> {
    const link = await this.#acquire(target, wait);
    link.sessions--;
  }

  /** A stream to a port that a server reaches, through a connection to it. @throws Like `run`, and if the server can't reach the port. */
  async stream(through: SshTarget, to: Pick<SshEndpoint, "host" | "port">, wait: Wait): Promise<Duplex> {
    const link = await this.#acquire(through, wait);
    // A forwarded stream does not count among sshd's MaxSessions.
    link.sessions--;
    return forward(link, to, where(through));
  }

  /** Opens a session on a connection that has room for one more, and uses it. */
  async #session<Session, Result>(
    target: SshTarget,
    wait: Wait,
    begin: Begin<Session>,
    use: (link: Link, session: Session) => Promise<Result>,
  ): Promise<Result> {
    for (;;) {
      const link = await this.#acquire(target, wait);
      try {
        const session = await openSession(link, begin);
        if (session) return await use(link, session);
        // This connection accepts no more sessions, or is gone: the next iteration finds or opens another.
        link.ended ??= new Error("the server accepts no more sessions on this connection");
      } finally {
        link.sessions--;
        if (link.ended && link.sessions === 0) link.client.end();
      }
    }
  }

  /** Ends all connections; commands that still run are lost. */
  async close(): Promise<void> {
    const links = [...this.#hosts.values()].flatMap((host) => host.links);
    this.#hosts.clear();
    await Promise.all(links.map(endLink));
  }

  async #acquire(target: SshTarget, wait: Wait): Promise<Link> {
    const key = targetKey(target);
    const host = this.#hosts.get(key) ?? { links: [] };
    this.#hosts.set(key, host);
    for (;;) {
      wait.signal?.throwIfAborted();
      const refused = this.#refused.get(key);
      if (refused) throw refused;
      host.links = host.links.filter((link) => !link.ended);
      const free = host.links.find((link) => link.sessions < sessionsPerConnection);
      if (free) {
        free.sessions++;
        return free;
      }
      // One dial at a time for each host, shared by all waiting commands: sshd's MaxStartups drops bursts.
      host.dialing ??= this.#dial(target, wait)
        .then((link) => {
          host.links.push(link);
          return link;
        })
        .catch((error) => {
          if (error instanceof RefusedLogin) this.#refused.set(key, error);
          throw error;
        })
        .finally(() => {
          host.dialing = undefined;
        });
      await host.dialing;
    }
  }

  async #dial(target: SshTarget, wait: Wait): Promise<Link> {
    const { proxy, ...endpoint } = target;
    if (!proxy)
      return newLink(
        await retryDial(where(endpoint), endpoint.dialErrorLimit, wait, () => dialOnce(endpoint, undefined, wait.signal)),
      );
    return retryDial(`${where(endpoint)} through ${where(proxy)}`, endpoint.dialErrorLimit, wait, async () => {
      return newLink(await dialOnce(endpoint, await this.stream(proxy, endpoint, wait), wait.signal));
    });
  }
}

function newLink(client: SshClient): Link {
  const link: Link = { client, sessions: 0 };
  client.on("error", (error) => {
    link.ended ??= error;
  });
  client.on("close", () => {
    link.ended ??= new Error("the connection was closed");
  });
  return link;
}

async function endLink(link: Link): Promise<void> {
  if (link.ended) return;
  // This timer keeps the process alive, which AbortSignal.timeout does not.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), grace);
  const closed = once(link.client, "close", { signal: patience.signal })
    .catch(() => link.client.destroy())
    .finally(() => clearTimeout(timer));
  link.client.end();
  await closed;
}

/** Opens a session. Undefined: this connection cannot take it, and nothing was started. */
function openSession<Session>(link: Link, begin: Begin<Session>): Promise<Session | undefined> {
  return new Promise((resolve, reject) => {
    const lost = () => resolve(undefined);
    if (link.ended) return lost();
    link.client.once("close", lost);
    try {
      begin(link.client, (error, session) => {
        link.client.removeListener("close", lost);
        if (!error) return resolve(session);
        // "reason" is set when the server refused to open a session; then the command was never sent.
        if ("reason" in error && (link.sessions > 1 || link.ended)) return lost();
        reject(new Error(`the server did not start it: ${error.message}`));
      });
    } catch {
      // ssh2 throws only if the connection is already gone.
      link.ended ??= new Error("the connection was closed");
      lost();
    }
  });
}

/** Waits until a command ends. As with the plugin, an interrupt does not end it: a finished command on a host is better than half of one. */
function finish(link: Link, channel: ClientChannel, { stdin, onOutput }: Execution, host: string): Promise<Exit> {
  return new Promise((resolve, reject) => {
    channel.on("data", (chunk: Buffer) => onOutput("stdout", chunk));
    channel.stderr.on("data", (chunk: Buffer) => onOutput("stderr", chunk));
    // The command may end without reading its input; its exit status says whether that was an error.
    channel.on("error", () => {});
    // The "exit" event may have passed already; "close" repeats its values, which are missing if the connection was lost.
    channel.on("close", (code?: number | null, name?: string) => {
      if (code === null) return resolve({ signal: (name ?? "unknown").replace(/^SIG/, "") });
      if (code !== undefined) return resolve({ code });
      reject(
        new Error(`the connection to ${host} was lost while the command ran: ${link.ended?.message ?? "no exit status came"}`),
      );
    });
    channel.end(stdin ?? "");
  });
}
