import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { pinnedModules } from "../../../artifacts/go-build.ts";
import { lockedImage } from "../../../artifacts/images.ts";
import { type FileName, lock, resolveVersions, type Versions } from "../../../artifacts/lock.ts";
import { buildOfFile, buildsOfImages, canBuild, type GoBuild } from "../../../artifacts/recipes.ts";

// Every build that the lock's versions can have, by its folder.

const builds = new Map<string, GoBuild[]>();
const note = (build: GoBuild) => builds.set(basename(build.folder), [...(builds.get(basename(build.folder)) ?? []), build]);
for (const [name, { sha256 }] of Object.entries(lock.files)) {
  for (const version of Object.keys(sha256))
    if (canBuild(name as FileName, version)) note(buildOfFile(name as FileName, version));
}
const { versions } = resolveVersions({ kubernetesVersion: lock.default, versions: {} });
for (const [name, { version: part, digests, build }] of Object.entries(lock.images)) {
  if (part === undefined || build === undefined) continue;
  for (const version of Object.keys(digests)) {
    const image = lockedImage(name, { ...versions, [part]: version } as Versions);
    try {
      for (const one of buildsOfImages([image])) note(one);
    } catch {
      // It is not among those that can be built.
    }
  }
}

const folders = globSync("artifacts/go/*", { cwd: new URL("../../../", import.meta.url).pathname });

test("each folder of artifacts/go is used, and its tools are the programs that are built there", () => {
  assert.deepEqual([...builds.keys()].toSorted(), folders.map((path) => basename(path)).toSorted());
  for (const [name, all] of builds) {
    const text = readFileSync(join(all[0]?.folder ?? "", "go.mod"), "utf8");
    const tools = /^tool (?:\(([^)]*)\)|(\S+))$/m.exec(text);
    const packages = new Set(all.flatMap(({ programs }) => Object.values(programs)));
    assert.deepEqual((tools?.[1] ?? tools?.[2] ?? "").trim().split(/\s+/).toSorted(), [...packages].toSorted(), name);
  }
});

test("each folder pins its programs' modules at its own version, with their hash", () => {
  for (const [name, [build]] of builds) {
    const modules = pinnedModules(build as GoBuild);
    assert.ok(modules.length > 0, name);
    for (const module of modules) assert.match(module, new RegExp(`^\\S+@v${name.split("-").at(-1)} h1:\\S{44}$`), name);
  }
});

test("programs of one project are one build", () => {
  const { programs } = buildOfFile("etcd", "3.7.3");
  assert.deepEqual(Object.keys(programs), ["etcd", "etcdctl", "etcdutl"]);
});
