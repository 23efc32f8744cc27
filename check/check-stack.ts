import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { defaultStack } from "../engine/arguments.ts";
import { allCertificates } from "./certificates.ts";
import { observeAll } from "./observe.ts";
import { certificatesText, exitStatus, judge, reportText } from "./report.ts";
import { runCommand, say } from "./run-command.ts";
import { readStack } from "./stack.ts";

// `npm run check` and `npm run certs`: look at every host, change nothing.

const usage = {
  check: `npm run check -- [options]

Looks at every host of a stack and says what differs from what the program would make there, and what does not work. Changes nothing.

  --stack NAME   the stack (default ${defaultStack})
  --json         print JSON
  --help         this text

Exit status: 0 nothing is wrong (there may be warnings), 1 something is, 2 a host or the stack could not be looked at.`,
  certs: `npm run certs -- [options]

Lists every certificate of a stack, in its state and on its hosts' disks, with the days it is still valid.

  --stack NAME   the stack (default ${defaultStack})
  --json         print JSON
  --help         this text

Exit status: 0 all are valid for longer than their renewal window, 1 one is not, 2 a host or the stack could not be looked at.`,
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { stack: { type: "string", short: "s" }, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const [verb = "", ...more] = positionals;
  if (verb !== "check" && verb !== "certs") throw new Error(`${verb || "(nothing)"} is not a command: use check or certs`);
  if (more.length > 0)
    throw new Error(
      `${verb} takes no ${JSON.stringify(more[0])}; an option needs its two hyphens, and npm run needs -- before it`,
    );
  if (values.help) return say(usage[verb], 0);
  const name = values.stack ?? defaultStack;
  const stack = await readStack(resolve("."), name);
  const looked = await observeAll(stack.hosts.filter(({ lost }) => !lost));
  const now = Date.now();
  if (verb === "check") {
    const report = judge(name, stack, looked, now);
    return say(values.json ? JSON.stringify(report, undefined, 2) : reportText(report), exitStatus(report));
  }
  const certificates = allCertificates(stack, looked, now);
  const errors = looked.flatMap((it) => ("seen" in it ? [] : [`${it.host.name}: ${it.error}`]));
  const status = errors.length > 0 ? 2 : certificates.some(({ state }) => state !== "valid") ? 1 : 0;
  return say(
    values.json ? JSON.stringify({ stack: name, certificates, errors }, undefined, 2) : certificatesText(certificates, errors),
    status,
  );
}

await runCommand(main);
