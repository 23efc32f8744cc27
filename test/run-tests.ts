import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { findCli } from "../engine/cli.ts";

// Runs the tests: the unit tier at once, then end-to-end groups one after another, each in a process and on hosts of its own.

const usage = `npm test                        the unit tier, then the end-to-end group "core"
npm run test:unit               the unit tier alone: seconds, touches nothing but files of its own
npm run golden                  renews test/golden/ with what the unit tests render now; review it with git diff
npm run test:e2e                every end-to-end group
npm run test:e2e -- GROUP...    only these; the first word of several groups' names, such as field, stands for all of them
npm run test:e2e -- GROUP --test TEXT
                                of a group, only the tests whose names contain TEXT or match it as a regular expression. The group's cluster
                                comes up first, as always. Most groups tell a story: a test may need what the tests before it did

End-to-end groups need root: they make throw-away hosts on this machine, in networks of their own, and remove them again.
--list    name the groups and what each is about
--help    say this`;

const root = new URL("../", import.meta.url).pathname;
const files = (pattern: string) => globSync(pattern, { cwd: root }).sort();
const groups = new Map(files("test/e2e/*.test.ts").map((file) => [basename(file, ".test.ts"), file]));

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** One for each test that failed: its name, and what went wrong in a few lines. */
  reasons: string[];
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { list: { type: "boolean" }, test: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return say(usage);
  if (values.list) return say([...groups].map(([name, file]) => `${name.padEnd(12)} ${about(file)}`).join("\n"));
  const [tier = "core", ...named] = positionals;
  // Brought before the tests begin: on a new machine that takes minutes, for which no test's patience is made.
  await findCli(console.log);
  const counts: Counts = { passed: 0, failed: 0, skipped: 0, reasons: [] };
  if (tier === "golden") await runFiles(renewing(), true, counts);
  if (tier === "unit" || tier === "core") await runUnitTier(counts);
  for (const group of chosen(tier, named)) await runFiles([groups.get(group) ?? ""], false, counts, values.test);
  if (counts.reasons.length > 0) say(`what failed:\n${counts.reasons.join("\n")}`);
  if (counts.skipped > 0) say(`${counts.skipped} skipped`);
  say(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

function chosen(tier: string, named: readonly string[]): readonly string[] {
  if (tier === "unit" || tier === "golden") return [];
  if (tier === "core") return ["core"];
  if (tier !== "e2e") throw new Error(`${tier} is not a tier; the tiers are unit, golden, core and e2e`);
  const all = [...groups.keys()];
  const meant = named.map((name) => (groups.has(name) ? [name] : all.filter((group) => group.startsWith(`${name}-`))));
  const unknown = named.filter((_, index) => meant[index]?.length === 0);
  if (unknown.length > 0) throw new Error(`no group ${unknown.join(", ")}; there are ${all.join(", ")}`);
  return named.length > 0 ? meant.flat() : all;
}

/** The unit tests that compare with golden files; from here on those are written instead. */
function renewing(): readonly string[] {
  process.env.HA_KUBERNETES_GOLDEN = "renew";
  return files("test/unit/**/*.test.ts").filter((file) => readFileSync(`${root}${file}`, "utf8").includes("harness/golden.ts"));
}

/** Runs the unit tests with a temporary folder of their own. A file that a test leaves there counts as a failure. */
async function runUnitTier(counts: Counts): Promise<void> {
  const { TMPDIR: before } = process.env;
  const folder = mkdtempSync(join(tmpdir(), "unit-tests-"));
  process.env.TMPDIR = folder;
  try {
    await runFiles(files("test/unit/**/*.test.ts"), true, counts);
    const left = readdirSync(folder);
    if (left.length === 0) return;
    counts.failed++;
    counts.reasons.push(`    unit tests left files in the temporary folder, use scratch() of test/harness: ${left.join(", ")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** Runs test files, prints their results as they come and adds them up. `only`: text in the names of the tests to run. */
async function runFiles(paths: readonly string[], together: boolean, counts: Counts, only?: string): Promise<void> {
  // An end-to-end test that failed may leave something running in its process, such as a probe: that does not keep the others
  // waiting. Not for unit tests: a forced end drops results that were not reported yet.
  const forced = together ? [] : ["--test-force-exit"];
  const stream = run({
    files: [...paths],
    cwd: root,
    concurrency: together,
    ...(only !== undefined && { testNamePatterns: [only.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), only] }),
    execArgv: [...forced, "--import", `${root}test/harness/seed.ts`],
  });
  stream.on("test:summary", ({ file, counts: all }) => {
    // Each file has a summary of its own; this one is of all.
    if (file !== undefined) return;
    counts.passed += all.passed;
    counts.failed += all.tests - all.passed - all.skipped - all.todo;
    counts.skipped += all.skipped + all.todo;
  });
  // Node counts a file in which no test matches as a test that passed, under the file's own name.
  let matched = false;
  for (const event of ["test:pass", "test:fail"] as const)
    stream.on(event, ({ name }) => (matched ||= !paths.some((path) => name.endsWith(path))));
  // At once, and not only in the summary at the end, which may be many minutes away.
  stream.on("test:fail", ({ name, details }) => {
    if (details.type === "suite") return;
    const text = `    ${name}: ${reason(details.error)}`;
    counts.reasons.push(text);
    console.log(text);
  });
  const report = stream.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
  if (only !== undefined && !matched) throw new Error(`no test of ${paths.join(", ")} has "${only}" in its name`);
}

/** What went wrong, in a few lines. */
function reason({ cause, message }: Error): string {
  const text = cause instanceof Error ? cause.message : message;
  const lines = text.trimEnd().split("\n").slice(-12);
  return lines.map((line) => line.slice(0, 300)).join("\n      ");
}

/** A group says in its first line what it is about. */
const about = (file: string) =>
  readFileSync(`${root}${file}`, "utf8")
    .split("\n")[0]
    ?.replace(/^\/\/ /, "") ?? "";

function say(text: string): number {
  console.log(text);
  return 0;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
