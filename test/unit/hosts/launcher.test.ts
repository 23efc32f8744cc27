import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  ARCHIVE_IN_HOME,
  type ReadScripts,
  type StageName,
  scriptsArchive,
  scriptsDigest,
  scriptsOf,
} from "../../../hosts/scripts.ts";
import { renderStage, renderWithScripts, type Stage } from "../../../hosts/stage.ts";
import { scratch } from "../../harness/scratch.ts";

// How a host comes by the scripts of its stages: the real texts and scripts, below a folder instead of /.

const stageOf = (name: StageName): Stage => ({
  name,
  host: "m1",
  owner: "test/0011aabb",
  settings: { HOST_ADDRESS: "10.0.0.1" },
});

class Host {
  readonly root = scratch();
  readonly home = join(this.root, "home");
  readonly kept = join(this.root, "var/scripts.tar");
  /** A line that every stage's script of this release begins with. */
  release = "# first";

  constructor() {
    for (const folder of ["home", "bin"]) mkdirSync(join(this.root, folder));
    // Not everybody may give files away.
    writeFileSync(join(this.root, "bin/chown"), "#!/bin/sh\n", { mode: 0o755 });
  }

  /** A text or script for this host: its folders are below the root. */
  #here(text: string): string {
    return text
      .replaceAll("/var/lib/ha-kubernetes", join(this.root, "var"))
      .replaceAll("/run/ha-kubernetes", join(this.root, "run"))
      .replaceAll("PATH=/usr/local/sbin", `PATH=${this.root}/bin:/usr/local/sbin`);
  }

  read: ReadScripts = (folder) =>
    new Map(
      [...scriptsOf(folder)].map(([name, text]) => [
        name,
        this.#here(folder === "leaving" ? text.replace(/^/, `${this.release}\n`) : text),
      ]),
    );

  get #brought(): string {
    return join(this.home, ARCHIVE_IN_HOME);
  }

  /** What CopyToRemote does, with the archive changed by `edit`. */
  bring(edit: (archive: Uint8Array) => Uint8Array = (it) => it): void {
    writeFileSync(this.#brought, edit(scriptsArchive(this.read).content));
  }

  isBrought = () => existsSync(this.#brought);

  #run(text: string, stdin: string) {
    const { status, stdout, stderr } = spawnSync("sh", ["-c", text], { cwd: this.home, input: stdin, encoding: "utf8" });
    return { status, said: `${stdout}${stderr}`.trim(), left: this.#privateFolders() };
  }

  #privateFolders = () =>
    existsSync(join(this.root, "run")) ? readdirSync(join(this.root, "run")).filter((name) => name !== "lock") : [];

  apply(name: StageName, stage = stageOf(name)) {
    const { create, stdin } = renderStage(stage);
    return this.#run(this.#here(create).replaceAll(scriptsDigest(name), scriptsDigest(name, this.read)), stdin);
  }

  applyText(text: string, stdin: string) {
    return this.#run(this.#here(text), stdin);
  }

  undo = (name: StageName) => this.#run(this.#here(renderStage(stageOf(name)).undo), "");
  file = (path: string) => readFileSync(join(this.root, path), "utf8");
  has = (path: string) => existsSync(join(this.root, path));
}

const done = (name: string) => ({ status: 0, said: `${name} on m1: nothing to change`, left: [] });

test("the first stage takes its scripts from the new archive and keeps them all for the others", () => {
  const host = new Host();
  host.bring();
  assert.deepEqual(host.apply("handover"), done("handover"));
  assert.ok(!host.isBrought() && host.has("var/scripts.tar"));
  assert.deepEqual(host.apply("leaving"), done("leaving"));
  assert.deepEqual(host.apply("leaving"), done("leaving"));
  assert.deepEqual(readdirSync(join(host.root, "var/stages/leaving")).sort(), ["lib", "manifest", "settings.sh", "stage"]);
  assert.deepEqual(readdirSync(join(host.root, "var/stages/leaving/lib")), [
    "announce.sh",
    "api.sh",
    "common.sh",
    "etcd.sh",
    "files.sh",
    "leaving.sh",
    "run.sh",
    "word.sh",
  ]);
});

test("another release's scripts take the place of those before; stages that it left alone find theirs in it", () => {
  const host = new Host();
  host.bring();
  host.apply("leaving");
  host.release = "# second";
  host.bring();
  assert.deepEqual(host.apply("leaving"), done("leaving"));
  assert.match(host.file("var/stages/leaving/stage/apply.sh"), /^# second/);
  assert.ok(!host.isBrought());
  assert.deepEqual(host.apply("handover"), done("handover"));
});

test("where they are nowhere, or only another release's are there, nothing runs and the message names the cure", () => {
  const host = new Host();
  const missing = /^ERROR: leaving on m1: its scripts are not on this host\. Give cluster\.repair another word and run up/;
  const refused = () => {
    const { status, said, left } = host.apply("leaving");
    assert.match(said, missing);
    assert.deepEqual([status, left], [1, []]);
  };
  refused();
  host.bring();
  host.release = "# second";
  refused();
  assert.ok(!host.has("var"), "not touched");
});

test("half an archive, one that was changed and one that is none are passed by, not kept", () => {
  const host = new Host();
  host.bring();
  host.apply("leaving");
  const kept = readFileSync(host.kept);
  const forged = () => {
    const read: ReadScripts = (folder) =>
      new Map([...host.read(folder)].map(([name, text]) => [name, `${text}touch ${host.root}/pwned\n`]));
    return scriptsArchive(read).content;
  };
  for (const edit of [(it: Uint8Array) => it.slice(0, it.length - 50), forged, () => Buffer.from("no archive")]) {
    host.bring(edit);
    assert.deepEqual(host.apply("leaving"), done("leaving"));
    assert.ok(readFileSync(host.kept).equals(kept) && !host.has("pwned"));
  }
  // The kept archive is not trusted either.
  rmSync(join(host.home, ARCHIVE_IN_HOME));
  writeFileSync(host.kept, forged());
  assert.equal(host.apply("leaving").status, 1);
  assert.ok(!host.has("pwned"));
});

test("killed between keeping and taking away, the next run does the rest", () => {
  const host = new Host();
  host.bring();
  host.apply("leaving");
  host.bring();
  assert.deepEqual(host.apply("handover"), done("handover"));
  assert.ok(!host.isBrought());
});

test("another cluster's host is left untouched, and the new archive stays for when it may be ours", () => {
  const host = new Host();
  host.bring();
  mkdirSync(join(host.root, "var"));
  writeFileSync(join(host.root, "var/owner"), "other/1\n");
  const { status, said } = host.apply("leaving");
  assert.equal(status, 1);
  assert.match(said, /belongs to cluster other\/1/);
  assert.deepEqual(readdirSync(join(host.root, "var")), ["owner"]);
  assert.ok(host.isBrought());
});

test("undo needs nothing but the host; the last one leaves nothing, not even an archive that no stage has taken", () => {
  const host = new Host();
  host.bring();
  for (const name of ["handover", "leaving"] as const) host.apply(name);
  host.bring();
  rmSync(host.kept);
  const { status, said } = host.undo("leaving");
  assert.equal(status, 0, said);
  assert.match(said, /^leaving on m1: nothing to change$/m);
  assert.ok(host.isBrought(), "a stage is left");
  assert.equal(host.undo("handover").status, 0);
  assert.deepEqual([host.has("var"), host.isBrought()], [false, false]);
});

test("undo on a blank host leaves the archive for the stages to come", () => {
  const host = new Host();
  host.bring();
  assert.deepEqual(host.undo("leaving"), { status: 0, said: "leaving on m1: already clean", left: [] });
  assert.ok(host.isBrought());
});

test("a stage that carries its scripts needs nothing brought", () => {
  const host = new Host();
  const { create, stdin } = renderWithScripts({ ...stageOf("leaving"), owner: "test/1" });
  // It would run on this machine: with a cut bundle it runs nothing.
  const { status, said, left } = host.applyText(create, stdin.slice(0, stdin.length / 2));
  assert.notEqual(status, 0);
  assert.doesNotMatch(said, / on m1:/);
  assert.deepEqual([left, host.has("var")], [[], false]);
});
