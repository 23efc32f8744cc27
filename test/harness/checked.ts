import assert from "node:assert/strict";
import type { Report } from "../../check/report.ts";
import { run } from "./process.ts";
import type { Stack } from "./stack.ts";

const root = new URL("../../", import.meta.url).pathname;

/** What `npm run check` says. */
export interface Checked {
  status: number;
  /** Findings that are not OK, as `place level subject`, sorted, without those about this machine's own disk. */
  wrong: string[];
  report: Report;
}

/** Runs `check` on a stack. */
export async function checked(stack: Stack): Promise<Checked> {
  const { status, stdout, text } = await run(
    process.execPath,
    ["engine/launch.mjs", "run", "check/check-stack.ts", "check", "--stack", stack.name, "--json"],
    { cwd: root, limitSeconds: 300, env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase } },
  );
  assert.ok(stdout.startsWith("{"), text);
  const report: Report = JSON.parse(stdout);
  const wrong = report.places.flatMap(({ place, findings }) =>
    findings
      .filter(({ level, subject }) => level !== "OK" && !/^disk |^etcd (wal fsync|backend commit)$/.test(subject))
      .map(({ level, subject }) => `${place} ${level} ${subject}`),
  );
  return { status, wrong: wrong.sort(), report };
}
