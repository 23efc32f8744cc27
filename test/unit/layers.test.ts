import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import ts from "typescript";

// The layers of the project, lowest first. A folder imports folders of lower layers and neighbors in its own layer, never a higher one.
const layers = [
  ["keys"],
  ["config"],
  ["artifacts", "addons", "hosts", "plugins"],
  ["providers", "components"],
  ["engine", "check", "docs", "examples", "lab", "index.ts"],
  ["bench", "test"],
];
const root = join(import.meta.dirname, "../../");
const files = globSync(`{${layers.flat().join(",")}}{,/**/*.ts}`, { cwd: root }).filter((path) => path.endsWith(".ts"));
const folderOf = (file: string) => file.split("/")[0] as string;
const layerOf = (file: string) => layers.findIndex((folders) => folders.includes(folderOf(file)));

const importsOf = (file: string) =>
  ts.preProcessFile(readFileSync(root + file, "utf8"), true, true).importedFiles.map(({ fileName }) => fileName);

/** What each file imports of ours: values and types, at the top of the file and by import(). */
const imports = new Map(
  files.map((file) => {
    const own = importsOf(file).filter((name) => /^\.{1,2}\/.*\.ts$/.test(name));
    return [file, own.map((name) => join(dirname(file), name))];
  }),
);

/** The first circle of a graph, from a node back to itself. */
function circle(graph: ReadonlyMap<string, readonly string[]>, done = new Set<string>()): string[] {
  const walk = (node: string, way: readonly string[]): string[] => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node];
    if (done.has(node)) return [];
    for (const next of graph.get(node) ?? []) {
      const found = walk(next, [...way, node]);
      if (found.length > 0) return found;
    }
    done.add(node);
    return [];
  };
  for (const node of graph.keys()) {
    const found = walk(node, []);
    if (found.length > 0) return found;
  }
  return [];
}

test("no file imports a higher layer", () => {
  const upward = [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => layerOf(target) > layerOf(file)).map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(upward, []);
  const unknown = [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => layerOf(target) < 0).map((target) => `${file} imports ${target}, whose folder is in no layer`),
  );
  assert.deepEqual(unknown, []);
});

test("what hosts hold is decided without Pulumi: only the reader of the config imports it", () => {
  const pure = ["keys", "config", "artifacts", "addons", "hosts"];
  const importing = files.filter(
    (file) => pure.includes(folderOf(file)) && importsOf(file).some((name) => name.startsWith("@pulumi/")),
  );
  assert.deepEqual(importing, ["config/load.ts"]);
});

test("no files and no folders import each other in a circle", () => {
  assert.deepEqual(circle(imports), []);
  const folders = Object.groupBy(files, folderOf);
  const byFolder = Object.entries(folders).map(([folder, own = []]): [string, string[]] => [
    folder,
    [...new Set(own.flatMap((file) => imports.get(file) ?? []).map(folderOf))].filter((other) => other !== folder),
  ]);
  assert.deepEqual(circle(new Map(byFolder)), []);
});
