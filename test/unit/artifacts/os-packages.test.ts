import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Archive, archives, debianMirror, sourcesList } from "../../../artifacts/archives.ts";
import { readManifest } from "../../../artifacts/bundle-manifest.ts";
import { hasPackages, makePackages, packageHashes, sizesOf } from "../../../artifacts/os-packages.ts";
import { allPackages } from "../../../config/packages.ts";
import { buildDebs } from "../../harness/debs.ts";
import { must } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

// The packages of a distribution in a bundle. apt-get is a stand-in that has two packages; dpkg-deb and tar are real.

const debs = scratch();
await buildDebs(debs);
const programs = scratch();
const place = (name: string) => `$(printf '%s\\n' "$@" | sed -n 's|^${name}=||p')`;
writeFileSync(
  join(programs, "apt-get"),
  `#!/bin/bash
case "$*" in
  *update*) [ ! -e ${programs}/broken ] || { echo "E: The repository is not signed."; exit 100; } ;;
  *--print-uris*) for file in ${debs}/*; do echo "'http://x/\${file##*/}' \${file##*/} $(stat -c %s $file) SHA256:00"; done ;;
  *--download-only*) :; cp ${debs}/* ${place("Dir::Cache")}/archives/ ;;
esac
`,
);
chmodSync(join(programs, "apt-get"), 0o755);
process.env.PATH = `${programs}:${process.env.PATH}`;

const keyring = join(scratch(), "keyring.gpg");
writeFileSync(keyring, "");
const archive: Archive = { ...archives["debian-13"], keyring: { path: "pool/keyring.deb", sha256: "00", file: keyring } };
const bundle = () => ({ folder: scratch(), distribution: "debian-13", architecture: "amd64" }) as const;
const file = "packages-debian-13-linux-amd64.tar";

test("the file holds every package with an index that names each one's place, size and hash; the manifest has their versions", async () => {
  const args = bundle();
  assert.equal(await hasPackages(args), false);
  await makePackages(args, archive);
  assert.equal(await hasPackages(args), true);
  assert.deepEqual(packageHashes([args]), { [file]: readManifest(args.folder).files[file]?.sha256 });
  const { notes, packages } = readManifest(args.folder).files[file] ?? {};
  assert.deepEqual(notes, ["library 1.0", "tool 1:2.0"]);
  assert.deepEqual(packages, [...allPackages]);
  const open = scratch();
  await must("tar", ["-xf", join(args.folder, file), "-C", open]);
  const index = readFileSync(join(open, "Packages"), "utf8");
  for (const name of ["library_1.0_all.deb", "tool_1-2.0_all.deb"]) {
    const content = readFileSync(join(open, name));
    const sha256 = (await must("sha256sum", [join(open, name)])).split(" ")[0];
    assert.ok(index.includes(`\nFilename: ./${name}\nSize: ${content.length}\nSHA256: ${sha256}\n`), index);
  }
  assert.match(index, /^Package: tool\nVersion: 1:2\.0\n/m);
});

test("a file that was changed, and one of fewer packages than hosts need today, are made again", async () => {
  const args = bundle();
  await makePackages(args, archive);
  writeFileSync(join(args.folder, file), "x", { flag: "a" });
  assert.equal(await hasPackages(args), false);
  await makePackages(args, archive);
  const manifest = join(args.folder, "manifest.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"conntrack",', ""));
  assert.equal(await hasPackages(args), false);
});

test("an archive whose signature is wrong ends the run in apt's words, and no file is made", async () => {
  const args = bundle();
  writeFileSync(join(programs, "broken"), "");
  after(() => rmSync(join(programs, "broken"), { force: true }));
  await assert.rejects(makePackages(args, archive), /E: The repository is not signed/);
  assert.equal(existsSync(join(args.folder, file)), false);
  rmSync(join(programs, "broken"));
});

test("where the archive's keys are not on this machine, they come from its package with the known hash, and from no other", async () => {
  const server = createServer((_, response) => response.end("not the keyring"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const elsewhere = {
    ...archive,
    url: { amd64: url, arm64: url },
    keyring: { ...archive.keyring, file: "/usr/share/keyrings/none.gpg" },
  };
  await assert.rejects(
    makePackages(bundle(), elsewhere),
    /keyring\.deb is not the keyring of .*: expected SHA-256 00, found [0-9a-f]{64}/,
  );
});

test("Debian's packages come from the mirror that this machine's apt names, else from Debian's own", () => {
  const own = "http://ftp.debian.org/debian";
  for (const [sources, mirror] of [
    ["", own],
    ["deb http://mirror.example.com/debian bookworm main\n", "http://mirror.example.com/debian"],
    [
      "# http://old.example.com/debian\nTypes: deb\nURIs: https://m.example.com/pub/debian/\nSuites: trixie\n",
      "https://m.example.com/pub/debian",
    ],
    ["deb [signed-by=/k] http://m.example.com/debian-security bookworm-security main", own],
    ["deb http://m.example.com/ubuntu noble main", own],
  ] as const)
    assert.equal(debianMirror(sources), mirror);
});

test("sources: updates and security, signed by the archive's keys; Ubuntu has other places for arm64", () => {
  const lines = (name: keyof typeof archives, architecture: "amd64" | "arm64") =>
    sourcesList(archives[name], architecture, "/k.gpg");
  assert.equal(
    lines("debian-12", "arm64"),
    `deb [arch=arm64 signed-by=/k.gpg] ${archives["debian-12"].url.arm64} bookworm main
deb [arch=arm64 signed-by=/k.gpg] ${archives["debian-12"].url.arm64} bookworm-updates main
deb [arch=arm64 signed-by=/k.gpg] http://security.debian.org/debian-security bookworm-security main
`,
  );
  assert.match(lines("ubuntu-24.04", "amd64"), /http:\/\/archive\.ubuntu\.com\/ubuntu noble-updates main universe\n/);
  assert.match(lines("ubuntu-24.04", "amd64"), /http:\/\/security\.ubuntu\.com\/ubuntu noble-security main universe\n/);
  assert.equal(lines("ubuntu-22.04", "arm64").match(/ports\.ubuntu\.com\/ubuntu-ports jammy/g)?.length, 3);
});

test("the size that is said before the fetch is that of the files in apt's list", () => {
  const said = "Reading package lists...\n'http://a/b_1.deb' b_1.deb 1000 MD5Sum:00\n'http://a/c_2.deb' c_2.deb 24 \n";
  assert.deepEqual(sizesOf(said), { count: 2, bytes: 1024 });
});
