import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { gunzipSync } from "fflate";
import { parseTar } from "nanotar";
import {
  type Library,
  type ReadScripts,
  type StageName,
  scriptsArchive,
  scriptsDigest,
  scriptsOf,
  stageLibraries,
  stageScripts,
} from "../../../hosts/scripts.ts";
import { type Part, readScript } from "./shell.ts";

const stages = Object.keys(stageLibraries) as StageName[];
const libraries = [...scriptsOf("lib").keys()].map((name) => name.replace(".sh", "")).filter((name) => name !== "run");
const parsed = new Map(libraries.map((name) => [name, readScript(scriptsOf("lib").get(`${name}.sh`) ?? "")]));

/** The libraries that a stage's scripts and run.sh lead to, each with one reason. */
function calledLibraries(stage: StageName): Map<string, string> {
  const own = [...scriptsOf(stage).values()].map(readScript);
  const ownNames = new Set([
    ...own.flatMap(({ parts }) => parts.map(({ name }) => name)),
    ...own.flatMap(({ sets }) => [...sets]),
  ]);
  const called = new Map<string, string>();
  const seen = new Set<Part>();
  const queue = [...own.flatMap(({ parts }) => parts), ...readScript(scriptsOf("lib").get("run.sh") ?? "").parts];
  for (let part = queue.pop(); part !== undefined; part = queue.pop()) {
    if (seen.has(part)) continue;
    seen.add(part);
    for (const [library, { parts, sets }] of parsed) {
      const functions = parts.filter(({ name }) => part.words.has(name) && !ownNames.has(name));
      const variable = [...sets].find((name) => part.variables.has(name) && !ownNames.has(name));
      if (functions.length === 0 && variable === undefined) continue;
      if (!called.has(library)) called.set(library, `${part.name || "its top level"} uses ${functions[0]?.name ?? variable}`);
      // The parts that sourcing it needs, and the functions that it calls.
      queue.push(...parts.filter(({ name }) => name === ""), ...functions);
    }
  }
  return called;
}

for (const stage of stages) {
  test(`stage ${stage} names the libraries that its scripts call, and no other`, () => {
    const called = calledLibraries(stage);
    const named = stageLibraries[stage];
    assert.deepEqual(
      [...called].filter(([library]) => !named.includes(library as Library)),
      [],
      "not named",
    );
    assert.deepEqual(
      named.filter((library) => !called.has(library)),
      [],
      "not called",
    );
  });
}

test("no two scripts that a stage reads define a function of the same name: the later one would take the other's place", () => {
  for (const stage of stages) {
    const definedIn = new Map<string, string>();
    const add = (file: string, parts: readonly Part[]) => {
      for (const { name } of parts.filter((part) => part.name !== "")) {
        assert.equal(definedIn.get(name), undefined, `stage ${stage}: ${name} is in ${definedIn.get(name)} and in ${file}`);
        definedIn.set(name, file);
      }
    };
    for (const library of stageLibraries[stage]) add(`lib/${library}.sh`, parsed.get(library)?.parts ?? []);
    const own = [...scriptsOf(stage)].map(([name, text]) => [name, readScript(text).parts] as const);
    for (const [name, parts] of own.filter(([name]) => name.startsWith("lib-"))) add(`${stage}/${name}`, parts);
    // Of these, one is read in a run.
    for (const [name, parts] of own.filter(([name]) => !name.startsWith("lib-")))
      for (const part of parts)
        assert.equal(
          definedIn.get(part.name),
          undefined,
          `stage ${stage}: ${part.name} is in ${definedIn.get(part.name)} and in ${name}`,
        );
  }
});

/** The scripts, one of them with an extra line. */
const edited =
  (folder: string, file: string): ReadScripts =>
  (wanted) =>
    new Map([...scriptsOf(wanted)].map(([name, text]) => [name, wanted === folder && name === file ? `${text}:\n` : text]));
const shownBy = (read: ReadScripts) => stages.filter((stage) => scriptsDigest(stage, read) !== scriptsDigest(stage));

test("a change of a library shows on the stages that name it and on no other; one of a stage's own script on that stage", () => {
  assert.deepEqual(shownBy(edited("lib", "lost.sh")), ["etcd", "addons"]);
  assert.deepEqual(shownBy(edited("lib", "run.sh")), stages);
  for (const library of libraries)
    assert.deepEqual(
      shownBy(edited("lib", `${library}.sh`)),
      stages.filter((stage) => stageLibraries[stage].includes(library as Library)),
      library,
    );
  for (const stage of stages) assert.deepEqual(shownBy(edited(stage, [...scriptsOf(stage).keys()].at(-1) ?? "")), [stage]);
});

test("a script that moves to another name is another stage", () => {
  const moved: ReadScripts = (folder) =>
    new Map(
      [...scriptsOf(folder)].map(([name, text]) => [folder === "etcd" && name === "lib-device.sh" ? "lib-disk.sh" : name, text]),
    );
  assert.deepEqual(shownBy(moved), ["etcd"]);
});

test("the archive holds every stage's scripts once, small, and is the same each time", () => {
  const { content, sha256 } = scriptsArchive();
  assert.equal(scriptsArchive().sha256, sha256);
  assert.ok(content.length < 150_000, String(content.length));
  const entries = new Map(parseTar(gunzipSync(content)).map(({ name, text }) => [name, text]));
  for (const stage of stages)
    for (const { path, content } of stageScripts(stage))
      assert.equal(entries.get(path.replace(/^stage\//, `${stage}/`)), content, path);
  assert.deepEqual([...new Set([...entries.keys()].map((name) => name.split("/")[0]))], ["lib", ...stages.toSorted()]);
});

test("tar finds nothing to say about an archive", () => {
  const { stderr, status } = spawnSync("tar", ["-tzf", "-"], { input: scriptsArchive().content });
  assert.deepEqual([status, String(stderr)], [0, ""]);
});

test("a library that no longer exists is named in the error", () => {
  const without: ReadScripts = (folder) => new Map([...scriptsOf(folder)].filter(([name]) => name !== "lost.sh"));
  assert.throws(() => stageScripts("etcd", without), /hosts\/lib has no lost\.sh, which stage etcd names/);
});
