import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { defaultStack } from "../../engine/arguments.ts";
import { runCommand, say } from "../run-command.ts";
import { askAll } from "./ask.ts";
import { askedHosts } from "./hosts.ts";
import { preflightReport, preflightStatus, preflightText } from "./report.ts";

// `npm run preflight`: looks whether every host can be part of the cluster, before the first `up` too. Changes nothing.

const usage = `npm run preflight -- [options]

Looks at every host in a stack's config, all at the same time, and says what would stop an up there, with the cure. Changes nothing on any
host, and needs no state: run it before the first up. It also compares hosts with each other: machine ids, clocks, and whether packets of
full size get through.

  --stack NAME   the stack (default ${defaultStack})
  --json         print JSON
  --help         this text

Exit status: 0 every host passes, 1 there is a problem or a warning that preflight.accept does not name, 2 a host or the config could not
be looked at.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { stack: { type: "string", short: "s" }, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const [stray] = positionals;
  if (stray !== undefined)
    throw new Error(
      `preflight takes no ${JSON.stringify(stray)}; an option needs its two hyphens, and npm run needs -- before it`,
    );
  if (values.help) return say(usage, 0);
  const name = values.stack ?? defaultStack;
  const report = preflightReport(name, await askAll(await askedHosts(resolve("."), name)), Date.now());
  return say(values.json ? JSON.stringify(report, undefined, 2) : preflightText(report), preflightStatus(report));
}

await runCommand(main);
