import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Of } from "../../../../../../artifacts/bundle-manifest.ts";
import { packPackages } from "../../../../../../artifacts/os-packages.ts";
import { packageLines } from "../../../../../../hosts/package-list.ts";
import { buildDebs } from "../../../../../harness/debs.ts";
import { run } from "../../../../../harness/process.ts";
import { scratch } from "../../../../../harness/scratch.ts";

// Packages of a bundle on a host: the functions of the stage with the real apt, which installs nothing here.

const hosts = new URL("../../../../../../hosts/", import.meta.url).pathname;
const bundle = scratch();
const file = "packages-debian-13-linux-amd64.tar";
await buildDebs(join(bundle, "debs"));
await packPackages(join(bundle, "debs"), join(bundle, file));
const sha256 = await sha256Of(join(bundle, file));

/** Runs functions on a host of this distribution that has nothing installed. */
async function onHost(script: string, { id = "debian", version = "13", hash = sha256 } = {}) {
  const root = scratch();
  for (const folder of ["etc", "stage/inputs"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/os-release"), `NAME="Any"\nID=${id}\nVERSION_ID="${version}"\n`);
  writeFileSync(join(root, "status"), "");
  const others = { "packages-ubuntu-24.04-linux-amd64.tar": "11", "packages-debian-13-linux-arm64.tar": "22" };
  const list = packageLines({ kind: "bundle", location: `${bundle}/`, sha256: { [file]: hash, ...others } }, "amd64");
  writeFileSync(join(root, "stage/inputs/artifacts"), `binary 00 ${bundle}/x /opt/x x\n${list}`);
  const preamble = `set -euo pipefail; shopt -s lastpipe
    export HAK_ROOT=${root}; STAGE=${root}/stage LOGIN_PROXIES=(); fail() { echo "FAIL: $*"; exit 1; }; say() { :; }
    . ${hosts}lib/artifacts.sh; for file in lib/packages.sh stages/prepare/system/lib-{packages,extra-packages,dnf}.sh; do . <(sed "s|/run/ha-kubernetes|$HAK_ROOT|g" ${hosts}$file); done
    apt() { command apt-get -q "\${APT_OPTIONS[@]}" -o Dir::State::status=${root}/status -o Debug::NoLocking=true "$@" 2>&1; }
    take() { local sha256 from; read -r sha256 from < <(bundled_packages); take_bundled_packages "$sha256" "$from"; }`;
  const { status, text } = await run("bash", ["-c", `${preamble}\n${script}`]);
  return { root, status, text: text.replaceAll(root, "") };
}

test("the host takes the packages of its own distribution, and apt finds them with what they need, in their folder alone", async () => {
  const { root, status, text } = await onHost(`take; apt update >/dev/null; apt --print-uris install tool | grep "^'"`);
  assert.equal(status, 0, text);
  const uris = [...text.matchAll(/^'file:(\S+)' /gm)].map(([, path = ""]) => path);
  assert.deepEqual(uris.map((path) => path.split("/").at(-1)).sort(), ["library_1.0_all.deb", "tool_1-2.0_all.deb"]);
  for (const path of uris) assert.ok(existsSync(join(root, path)), path);
});

test("afterwards nothing of them is left, and apt has its own sources again", async () => {
  const { status, text } = await onHost(
    `take; drop_bundled_packages; ls $HAK_ROOT/opt/ha-kubernetes; echo "\${#APT_OPTIONS[@]} options"`,
  );
  assert.deepEqual([status, text], [0, "0 options\n"]);
});

test("what a run that was killed left of them is gone after the next one, also where nothing is missing", async () => {
  const nothing =
    "SAVED=$HAK_ROOT; is_saved() { false; }; release_idle() { :; }; note_packages() { :; }; missing_packages() { :; }";
  const { status, text } = await onHost(`take; ${nothing}; apply_packages; ls $HAK_ROOT/opt/ha-kubernetes`);
  assert.deepEqual([status, text], [0, ""]);
});

test("a file with another hash is refused with both hashes, and nothing of it is unpacked", async () => {
  const { root, status, text } = await onHost("take", { hash: "00" });
  assert.equal(status, 1);
  assert.match(text, new RegExp(`^FAIL: ${file} is not what it should be .* expected SHA-256 00, found ${sha256}`));
  assert.ok(!existsSync(join(root, "opt/ha-kubernetes/packages/files/Packages")));
});

test("a host of another distribution keeps to its own sources", async () => {
  for (const [id, version] of [
    ["debian", "12"],
    ["raspbian", "13"],
    ["ubuntu", "13"],
  ] as const)
    assert.equal((await onHost("bundled_packages", { id, version })).text, "");
});

test("on a host without curl, apt's own helper downloads the file, and only with its hash", async () => {
  const helper = `apt-helper() { echo "$*"; }; command() { false; }; fetching() { shift; echo "$* " | sed "s|$HAK_ROOT||" >&3; }`;
  const { text } = await onHost(`exec 3>&1; ${helper}
    fetch_without_curl 1f http://mirror/${file} || true`);
  assert.match(text, new RegExp(`^download-file http://mirror/${file} /opt/ha-kubernetes/downloads/1f SHA256:1f`));
});
