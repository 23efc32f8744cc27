import { runHere } from "../../plugins/command-local.ts";
import { CommandOutput } from "../../plugins/command-output.ts";
import { where } from "../../plugins/ssh-endpoint.ts";
import { SshPool } from "../../plugins/ssh-pool.ts";
import { oneFirst, passedOver, verdictOf } from "../../providers/baremetal/one-first.ts";
import type { AskedHost } from "./hosts.ts";

/** Seconds until an answer is given up: a host that answers at all needs a few. */
const deadline = 90;

/** What a host said. Its clock was read between `asked` and `answered`, by this machine's clock, in seconds. */
export interface Said {
  text: string;
  asked: number;
  answered: number;
}

/** What a host said, or why it can't be told. */
export type Answer = { host: AskedHost } & (Said | { error: string });

/** Runs preflight on all hosts at the same time, but with each password on one first. One that can't be looked at stops no other. */
export async function askAll(hosts: readonly AskedHost[]): Promise<Answer[]> {
  const pool = new SshPool();
  try {
    return await oneFirst<AskedHost, Answer>(hosts, {
      accountOf: ({ account }) => account,
      ask: (host) =>
        ask(pool, host).then(
          (said) => ({ host, ...said }),
          (error) => ({ host, error: (error as Error).message }),
        ),
      verdictOf: (answer) => verdictOf("error" in answer ? answer.error : undefined),
      passedOver: (host, other) => ({ host, error: passedOver(other.name) }),
    });
  } finally {
    await pool.close();
  }
}

async function ask(pool: SshPool, { target, command, stdin, refused }: AskedHost): Promise<Said> {
  if (refused !== undefined) throw new Error(refused);
  const signal = AbortSignal.timeout(deadline * 1000);
  const output = new CommandOutput("none", () => undefined);
  const asked = Date.now() / 1000;
  let answered: number | undefined;
  const onOutput = (stream: "stdout" | "stderr", chunk: Buffer) => {
    if (stream === "stdout" && chunk.includes("clock ")) answered ??= Date.now() / 1000;
    output.write(stream, chunk);
  };
  const exit = await (target
    ? pool.run(target, { command, stdin, signal, onOutput, log: () => undefined })
    : runHere({ text: command, stdin, environment: {}, output: { write: onOutput } as CommandOutput, signal })
  ).catch((error) => {
    if (!signal.aborted) throw error;
    throw new Error(`no answer from ${target ? where(target) : "this machine"} within ${deadline} s`, { cause: error });
  });
  output.end();
  const text = output.text("stdout");
  if (exit.code !== 0 || !/^end$/m.test(text))
    throw new Error(`preflight ended with ${exit.signal ?? exit.code}: ${output.text("stderr").trim().slice(-300)}`);
  if (target) await pool.proveFiles(target, { signal, log: () => undefined });
  return { text, asked, answered: answered ?? Date.now() / 1000 };
}
