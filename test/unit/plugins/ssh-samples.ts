import type { SshTarget } from "../../../plugins/ssh-endpoint.ts";
import { type Execution, SshPool } from "../../../plugins/ssh-pool.ts";
import { startServer, type TestServer, type TestServerOptions } from "./ssh-server.ts";

delete process.env.SSH_AUTH_SOCK;

/** Gives a test a server and a pool of connections, and closes both. */
export async function withServer(
  options: TestServerOptions,
  body: (server: TestServer, pool: SshPool) => Promise<void>,
): Promise<void> {
  const server = await startServer(options);
  const pool = new SshPool();
  try {
    await body(server, pool);
  } finally {
    await pool.close();
    await server.close();
  }
}

/** Runs a command and collects what it prints. */
export async function run(pool: SshPool, target: SshTarget, command: string, more: Partial<Execution> = {}) {
  const output = { stdout: "", stderr: "" };
  const exit = await pool.run(target, {
    command,
    log: () => {},
    onOutput: (stream, chunk) => {
      output[stream] += chunk;
    },
    ...more,
  });
  return { ...exit, ...output };
}
