import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

// Which packages maintenance upgrades: the stage's own functions with the real apt on a host of its own, and with recorded words of dnf.

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;

/** A source of packages at version 2.0. Without a suite it has no Release file, as a folder of packages may have none. */
function source(root: string, name: string, packages: readonly string[], suite?: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  const list = packages.map(
    (it) => `Package: ${it}\nVersion: 2.0\nArchitecture: all\nFilename: ./${it}.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\n`,
  );
  const text = list.join("\n");
  writeFileSync(join(folder, "Packages"), text);
  const sum = createHash("sha256").update(text).digest("hex");
  const date = "Sun, 01 Nov 2026 00:00:00 UTC";
  if (suite) writeFileSync(join(folder, "Release"), `Suite: ${suite}\nDate: ${date}\nSHA256:\n ${sum} ${text.length} Packages\n`);
  return `deb [trusted=yes] file:${folder} ./\n`;
}

/** What would be upgraded on a host that has version 1.0 of `fix`, `feature`, `local` and `held`. */
async function updates(patches: string, preferences = "", more = ""): Promise<string> {
  const root = scratch();
  for (const folder of ["lists/partial", "cache/archives/partial", "stage", "etc/apt"])
    mkdirSync(join(root, folder), { recursive: true });
  const installed = ["fix", "feature", "local", "held"].map(
    (name) =>
      `Package: ${name}\nStatus: ${name === "held" ? "hold" : "install"} ok installed\nVersion: 1.0\nArchitecture: all\nMaintainer: t\nDescription: t\n`,
  );
  writeFileSync(join(root, "status"), `${installed.join("\n")}\n`);
  writeFileSync(join(root, "etc/apt/preferences"), preferences);
  const sources = [
    source(root, "security", ["fix", "held"], "bookworm-security"),
    source(root, "stable", ["feature"], "stable"),
    source(root, "folder", ["local"]),
  ];
  writeFileSync(join(root, "sources.list"), [...sources, more].join(""));
  const options = [
    `Dir::State::status=${root}/status`,
    `Dir::State::lists=${root}/lists`,
    `Dir::Cache=${root}/cache`,
    `Dir::Etc::sourcelist=${root}/sources.list`,
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    "APT::Sandbox::User=root",
    "Debug::NoLocking=true",
  ];
  writeFileSync(join(root, "apt.conf"), options.map((it) => `${it.replace("=", ' "')}";\n`).join(""));
  const script = `
    set -euo pipefail
    export HAK_ROOT=${root} APT_CONFIG=${root}/apt.conf
    STAGE=${root}/stage PATCHES=${patches} LOGIN_PROXIES=()
    say() { :; }; fail() { echo "fail: $*"; exit 1; }; did() { echo "did: $*"; }
    for file in lib/artifacts.sh lib/packages.sh stages/maintenance/lib-patch.sh; do . <(sed "s|/run/ha-kubernetes|$HAK_ROOT|g" ${hosts}$file); done
    dpkg() { :; }
    find_updates
    echo "\${UPDATES[*]}"`;
  return (await run("bash", ["-c", script])).text.trim();
}

test("security takes what a release for security offers, all takes everything, and neither takes a held package", async () => {
  assert.equal(await updates("security"), "fix");
  assert.equal(await updates("all"), "feature fix local");
  assert.equal(await updates("none"), "");
});

test("the host's own pin of a package counts, and its pin of a release does not bring that one in", async () => {
  assert.equal(await updates("security", "Package: fix\nPin: version 1.0\nPin-Priority: 1001\n"), "");
  assert.equal(await updates("security", "Package: *\nPin: release a=stable\nPin-Priority: 900\n"), "fix");
});

test("packages that stay as they are are named", async () => {
  assert.equal(
    await withPatches(`say() { echo "say: $*"; }; say_kept_back 'Reading package lists...
The following packages have been kept back:
  held linux-image-amd64
  other
The following packages will be upgraded:
  fix
Inst fix [1.0] (2.0 stable [all])'`),
    "say: apt does not upgrade these, because they are on hold or others would have to go: held linux-image-amd64 other",
  );
  assert.equal(await withPatches(`say() { echo "say: $*"; }; say_kept_back "0 upgraded, 0 newly installed"`), "");
});

test("a source that does not answer is a failure, though apt-get takes its old lists for it", async () => {
  // Nobody listens on port 9.
  const said = await updates("all", "", "deb [trusted=yes] http://127.0.0.1:9/debian stable main\n");
  assert.match(said, /^fail: apt-get update: .*Failed to fetch http:\/\/127\.0\.0\.1:9\/.*Mend the host's package sources/);
});

/** Runs lines with the stage's functions on a host where commands are these, and returns what they printed. */
async function withPatches(lines: string): Promise<string> {
  const root = scratch();
  const script = `
    set -euo pipefail
    export HAK_ROOT=${root}
    STAGE=${root} LOGIN_PROXIES=()
    say() { :; }; fail() { echo "fail: $*"; exit 0; }; did() { echo "did: $*"; }
    for file in lib/artifacts.sh lib/packages.sh stages/maintenance/lib-patch.sh; do . <(sed "s|/run/ha-kubernetes|$HAK_ROOT|g" ${hosts}$file); done
    : >$HAK_ROOT/apt.log
    fetching() { "$@"; }
    ${lines}`;
  const { text } = await run("bash", ["-c", script]);
  return text.trim();
}

test("an apt that was killed is put right first, and an apt that fails is quoted with the cure", async () => {
  const audit = `dpkg() { case $1 in --audit) echo "half installed: tool" ;; *) echo "dpkg $*" >&3 ;; esac; }; exec 3>&1`;
  const lists = `update_lists() { :; }; apt-get() { echo "Inst tool [1.0] (2.0 stable [all])"; }`;
  assert.equal(
    await withPatches(`PATCHES=all; ${audit}; ${lists}; has_dnf() { false; }; find_updates; echo "\${UPDATES[*]}"`),
    "dpkg --configure -a\ndid: configured packages that were left half installed\ntool",
  );
  assert.match(
    await withPatches(
      `PATCHES=all; dpkg() { :; }; has_dnf() { false; }; update_lists() { echo "E: no route to mirror" >$HAK_ROOT/apt.log; return 1; }; find_updates`,
    ),
    /^fail: apt-get update: E: no route to mirror .*set cluster.maintenance.packages to none, and run up again$/,
  );
  assert.match(
    await withPatches(
      `UPDATES=(tool); has_dnf() { false; }; apt_get() { echo "E: broken" >$HAK_ROOT/apt.log; return 100; }; patch`,
    ),
    /^fail: apt-get could not upgrade: E: broken .*run up again$/,
  );
});

// As `dnf check-update` of RHEL 9 prints them.
const checked = `
kernel.x86_64                    5.14.0-503.15.1.el9_5      baseos
openssl-libs.x86_64              1:3.2.2-6.el9_5.1          baseos
Obsoleting Packages
old.x86_64                       1-1.el9                    baseos
`;

test("dnf's own words name the packages, and its end with 100 counts as success", async () => {
  const dnf = `has_dnf() { true; }; dnf() { echo "dnf $*" >&3; case $* in *check-update*) cat <<'END'
${checked}
END
    return 100 ;; esac; }; exec 3>&1`;
  assert.equal(
    await withPatches(`${dnf}; PATCHES=security; find_updates; patch`),
    [
      "dnf -q --security check-update",
      "dnf -y -q --setopt=install_weak_deps=False --security upgrade",
      "did: upgraded 2 packages",
    ].join("\n"),
  );
  assert.equal(
    await withPatches(`${dnf}; PATCHES=all; find_updates; echo "\${UPDATES[*]}"`),
    "dnf -q check-update\nkernel.x86_64 openssl-libs.x86_64",
  );
  assert.match(
    await withPatches(
      `has_dnf() { true; }; dnf() { echo "Error: Failed to download metadata" >&2; return 1; }; PATCHES=all; find_updates`,
    ),
    /^fail: dnf check-update: Error: Failed to download metadata/,
  );
});

test("the pins that a preview of apt shows are as apt reads them", () => {
  const text = readFileSync(`${hosts}stages/maintenance/lib-patch.sh`, "utf8");
  const pins = /SECURITY_ALONE="([^"]*)"/.exec(text)?.[1] ?? "";
  const file = join(scratch(), "preferences");
  writeFileSync(file, pins);
  const said = execFileSync("apt-cache", ["-o", `Dir::Etc::Preferences=${file}`, "policy"], { encoding: "utf8" });
  assert.match(said, /^ 100 \S+\n {5}release a=now$/m);
});
