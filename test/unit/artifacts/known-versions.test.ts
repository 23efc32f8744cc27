import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { knownVersions } from "../../../artifacts/known-versions.ts";
import { type Architecture, lock, resolveVersions } from "../../../artifacts/lock.ts";
import type { Role } from "../../../config/schema.ts";
import { artifactsFor } from "../../../hosts/artifact-list.ts";

const { builtParts, defaults, kubernetes, parts, recommended, whole } = knownVersions();

test("versions are offered oldest first", () => {
  assert.deepEqual(kubernetes, ["1.34.4", "1.35.4", "1.36.1", "1.36.3", "1.36.4", "1.37.2"]);
  assert.deepEqual(parts.etcd, ["3.6.13", "3.6.14", "3.6.16", "3.7.3"]);
  assert.equal(recommended("1.0.0"), undefined);
  assert.equal(recommended("1.36.9"), undefined);
  assert.deepEqual(recommended("1.36.4"), lock.recommended["1.36"], "what a stack records");
});

test("a version is whole if hosts of every role and architecture can take all that they need by published hashes", () => {
  const roles: Role[] = ["etcd", "control-plane", "worker"];
  const can = (kubernetesVersion: string) => {
    const { versions } = resolveVersions({ kubernetesVersion, versions: {} });
    const source = { kind: "official" as const, location: "" };
    const take = (architecture: Architecture) => () => artifactsFor({ roles, versions, architecture, source });
    return (["amd64", "arm64"] as const).every((architecture) => doesNotThrow(take(architecture)));
  };
  assert.deepEqual(whole.published, kubernetes.filter(can));
  assert.deepEqual(whole.published, ["1.35.4", "1.36.1", "1.36.4"]);
});

test("a version can be built if the repository pins its modules", () => {
  const pinned = globSync("artifacts/go/kubernetes-*", { cwd: new URL("../../../", import.meta.url) });
  assert.deepEqual(whole.built, pinned.map((path) => path.split("-")[1]).toSorted());
  assert.deepEqual(
    parts.etcd.filter((version) => !builtParts.etcd.includes(version)),
    ["3.6.13"],
  );
  assert.deepEqual(builtParts.coredns, parts.coredns);
});

test("the default is the newest version that can be had whole; where files are built, the one that the tests run on", () => {
  assert.deepEqual(defaults, { published: whole.published.at(-1), built: "1.36.3" });
  assert.ok(whole.built.includes(defaults.built));
});

test("the docs name the versions that can be had whole, and upgrade to one of them", () => {
  const doc = (name: string) => readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), "utf8").replaceAll("\n", " ");
  const named = (text = "") => text.match(/\d+\.\d+\.\d+/g);
  assert.deepEqual(named(/Known whole today:\*\*(.*?), with/.exec(doc("artifacts"))?.[1]), whole.published);
  assert.deepEqual(named(/look\w* them up\. (Kubernetes [\d., and]*) can be built/.exec(doc("artifacts"))?.[1]), whole.built);
  assert.ok(whole.published.includes(/## Upgrades.*?kubernetesVersion: (\S+)/.exec(doc("operations"))?.[1] ?? ""));
});

function doesNotThrow(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}
