import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { longLines, oddWords, proseFindings } from "../../prose.ts";

// npm run lint:prose: it must find what it is for, leave English alone, and find nothing in this project.

const odd = `makes it anew
Whoever runs this
the value of before
in place of an own one
a worker more
A list that is not had is no empty list
says what is there
the host who waits
undoes what was changed
they are done otherwise
these are they
restarts for ever
the colour
synchronised
a catalogue at the centre`.split("\n");

const plain = `There is no other host
it is no longer a member
says what is wrong
What is the state?
more than a host has
a little more
Otherwise it fails
unless the config says otherwise
there is nothing of ours, and no one who knows`.split("\n");

for (const line of odd) {
  test(`${line}: found`, () => assert.equal(oddWords("a.ts", `// ${line}\n`).length, 1));
}

for (const line of plain) {
  test(`${line}: left alone`, () => assert.deepEqual(oddWords("a.ts", `// ${line}\n`), []));
}

test("a phrase is found across the lines of a comment, and named by its first line", () => {
  for (const text of [
    "const a = 1;\n// what it holds is\n// no secret",
    "#\n# it is\n# no secret",
    "/**\n * it is\n * no secret\n */",
  ]) {
    const [finding, ...others] = oddWords("a.ts", text);
    assert.deepEqual([finding?.line, others], [2, []]);
  }
});

test("a phrase that goes on in the next line of a comment is left alone", () =>
  assert.deepEqual(oddWords("a.ts", "/**\n * they are no\n * longer wanted\n */"), []));

test("documents: code in backticks is left alone, long lines are found outside of code and tables", () => {
  assert.deepEqual(oddWords("a.md", "The message `the host is no member` means"), []);
  const long = "word ".repeat(30).trim();
  assert.deepEqual(
    longLines(["| table |", `| ${long} |`, "```", long, "```", "", long].join("\n")).map(({ line }) => line),
    [7],
  );
});

test("this project's prose is plain", () => assert.deepEqual(proseFindings(), []));

test("lint:prose refuses a folder and an option that it doesn't know, and --help checks nothing", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [new URL("../../prose.ts", import.meta.url).pathname, ...args], { encoding: "utf8" });
  const folder = run("hots");
  assert.notEqual(folder.status, 0);
  assert.match(folder.stderr, /hots is not a folder of this project/);
  const option = run("--fix");
  assert.notEqual(option.status, 0);
  assert.match(option.stderr, /Unknown option '--fix'/);
  const help = run("--help");
  assert.deepEqual([help.status, help.stderr], [0, ""]);
  assert.match(help.stdout, /^npm run lint:prose \[-- FOLDER\.\.\.\]/);
});
