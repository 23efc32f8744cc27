import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import ssh2, { type AuthContext, type Connection, type ServerChannel } from "ssh2";
import { type OpensshKey, opensshKey } from "../../../keys/openssh.ts";
import type { SshTarget } from "../../../plugins/ssh-endpoint.ts";
import { scratch } from "../../harness/scratch.ts";
import { serveSftp } from "./sftp-server.ts";

/** A real SSH server in this process, on loopback, that runs commands with /bin/sh. */
export interface TestServer {
  port: number;
  /** Its host key as a line of authorized_keys. */
  hostKey: string;
  /** The private key that it accepts, in OpenSSH's format. */
  userKey: string;
  /** The password that it accepts. */
  password: string;
  /** The folder for SFTP's relative paths. */
  files: string;
  /** Number of connections that were ever opened. */
  connections: () => number;
  /** The methods by which passwords came, in order. */
  passwordTries: () => string[];
  /** Most sessions that one connection ever had at once. */
  mostSessions: () => number;
  /** Cuts all open connections, like a host that vanishes. */
  cut: () => void;
  close: () => Promise<void>;
}

export interface TestServerOptions {
  port?: number;
  hostKeyType?: "ed25519" | "rsa" | "ecdsa";
  /** False: without the subsystem. Default: true. */
  sftp?: boolean;
  /** Like sshd's MaxSessions. */
  maxSessions?: number;
  /** False: lets no connection through, like sshd's AllowTcpForwarding no. Default: true. */
  forwards?: boolean;
  /** Names that may be set; others are refused. Like sshd's AcceptEnv. */
  acceptEnv?: string[];
  /** How it takes passwords: as such by default, or as answers to what it asks. */
  passwordBy?: ("password" | "keyboard-interactive")[];
  /** Whether it wants a key before it takes a password. */
  twoFactors?: boolean;
  /** Number of logins that are closed with pam_nologin's message after their key is known, as sshd does while its host boots. */
  booting?: number;
}

function newKey(type: "ed25519" | "rsa" | "ecdsa"): OpensshKey {
  const { privateKey } =
    type === "ed25519"
      ? generateKeyPairSync("ed25519")
      : type === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return opensshKey(privateKey) as OpensshKey;
}

/** A loopback port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a server; the caller closes it. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const host = newKey(options.hostKeyType ?? "ed25519");
  const user = newKey("ed25519");
  const password = "let-me-in-please";
  const userBlob = publicBlob(user.publicKey);
  const clients = new Set<Connection>();
  const files = scratch();
  let connections = 0;
  let mostSessions = 0;
  const passwordTries: string[] = [];
  let booting = options.booting ?? 0;

  const banner = booting > 0 ? "System is booting up." : undefined;
  const server = new ssh2.Server({ hostKeys: [host.privateKey], banner }, (client) => {
    connections++;
    clients.add(client);
    socketOf(client).setNoDelay(true);
    let sessions = 0;
    const children = new Set<ChildProcess>();
    client.on("error", () => {});
    client.on("close", () => {
      clients.delete(client);
      for (const child of children) killGroup(child, "SIGKILL");
    });
    let hasShownKey = false;
    const authenticate = (attempt: AuthContext) => {
      const passwordBy = options.passwordBy ?? ["password"];
      const isFirst = options.twoFactors && !hasShownKey;
      const takes = isFirst ? ["publickey" as const] : ["publickey" as const, ...passwordBy];
      const isUser = attempt.username === "tester";
      const decide = (said: string | undefined) => {
        passwordTries.push(attempt.method);
        if (isUser && said === password && takes.some((it) => it === attempt.method)) attempt.accept();
        else attempt.reject(takes);
      };
      if (attempt.method === "password") return decide(attempt.password);
      if (attempt.method === "keyboard-interactive") {
        if (!takes.some((it) => it === attempt.method)) return attempt.reject(takes);
        return attempt.prompt("Password: ", (answers) => decide(answers[0]));
      }
      // The library checks the signature before a second, signed attempt gets here.
      const hasKey = isUser && attempt.method === "publickey" && attempt.key.data.equals(userBlob);
      if (!hasKey) return attempt.reject(takes);
      if (!options.twoFactors || attempt.signature === undefined) return attempt.accept();
      hasShownKey = true;
      attempt.reject(passwordBy, true);
    };
    client.on("authentication", (attempt) => {
      if (attempt.method !== "none" && booting-- > 0) socketOf(client).end();
      else authenticate(attempt);
    });
    client.on("session", (accept, reject) => {
      if (sessions >= (options.maxSessions ?? 10)) return reject();
      sessions++;
      mostSessions = Math.max(mostSessions, sessions);
      const session = accept();
      const environment: Record<string, string> = {};
      let child: ChildProcess | undefined;
      session.on("close", () => sessions--);
      session.on("env", (acceptEnv, rejectEnv, info) => {
        if (!options.acceptEnv?.includes(info.key)) return rejectEnv?.();
        environment[info.key] = info.val;
        acceptEnv?.();
      });
      session.on("signal", (acceptSignal, _reject, info) => {
        acceptSignal?.();
        if (child) killGroup(child, `SIG${info.name}` as NodeJS.Signals);
      });
      if (options.sftp !== false) session.on("sftp", (acceptSftp) => serveSftp(acceptSftp(), files));
      session.on("exec", (acceptExec, _reject, info) => {
        child = execute(acceptExec(), info.command, environment);
        children.add(child);
      });
    });
    // The library's own answer to what nobody takes is the one of sshd: prohibited.
    if (options.forwards !== false) client.on("tcpip", (accept, reject, info) => forward(accept, reject, info));
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");

  const cut = () => {
    for (const client of clients) socketOf(client).destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    hostKey: host.publicKey,
    userKey: user.privateKey,
    password,
    files,
    connections: () => connections,
    passwordTries: () => passwordTries,
    mostSessions: () => mostSessions,
    cut,
    close: async () => {
      cut();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

const socketOf = (client: Connection) => (client as unknown as { _sock: Socket })._sock;

function publicBlob(line: string): Buffer {
  const key = ssh2.utils.parseKey(line);
  if (key instanceof Error) throw key;
  return key.getPublicSSH();
}

function execute(channel: ServerChannel, command: string, environment: Record<string, string>): ChildProcess {
  const child = spawn("/bin/sh", ["-c", command], { detached: true, env: { PATH: process.env.PATH, ...environment } });
  channel.on("error", () => {});
  child.stdin.on("error", () => {});
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on("close", (code, signal) => {
    if (signal) channel.exit(signal.slice(3));
    else channel.exit(code ?? 0);
    channel.end();
  });
  return child;
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
}

function forward(accept: () => ServerChannel, reject: () => void, info: { destIP: string; destPort: number }): void {
  const socket = connect(info.destPort, info.destIP).setNoDelay(true);
  socket.once("error", () => reject());
  socket.once("connect", () => {
    const channel = accept();
    channel.on("error", () => socket.destroy());
    socket.on("error", () => channel.close());
    channel.pipe(socket).pipe(channel);
  });
}

/** The endpoint for the user that it accepts. */
export const targetOf = (server: TestServer, more: Partial<SshTarget> = {}): SshTarget => ({
  host: "127.0.0.1",
  port: server.port,
  user: "tester",
  privateKey: server.userKey,
  hostKey: server.hostKey,
  dialErrorLimit: 0,
  perDialTimeout: 5,
  ...more,
});
