import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { addToManifest } from "../../../artifacts/bundle-manifest.ts";
import { type PushArgs, pushBundle } from "../../../artifacts/push-bundle.ts";
import { push } from "../../../artifacts/push-command.ts";
import { run } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";
import { startServer, type TestServer } from "../plugins/ssh-server.ts";

// A bundle goes to a host: OpenSSH's client, an SSH server in this process, and the real shell on the other side.

delete process.env.SSH_AUTH_SOCK;
const programs = scratch();
// Also where the tests are not run by root. `uname` and the distribution are this machine's own.
writeFileSync(join(programs, "sudo"), '#!/bin/sh\nshift\nexec "$@"\n');
chmodSync(join(programs, "sudo"), 0o755);
process.env.PATH = `${programs}:${process.env.PATH}`;

const here = process.arch === "arm64" ? "arm64" : "amd64";
const elsewhere = here === "arm64" ? "amd64" : "arm64";
const { stdout } = await run("bash", ["-c", '. /etc/os-release; echo "$ID-$VERSION_ID"']);
const system = stdout.trim();

const folder = scratch();
const contents: Record<string, Buffer> = {
  [`kubelet-1.36.3-linux-${here}`]: Buffer.alloc(3_000_000, "kubelet\0"),
  [`etcd-3.6.14-linux-${here}.tar`]: Buffer.from("etcd"),
  [`etcd-3.6.14-linux-${elsewhere}.tar`]: Buffer.from("another machine's"),
  [`packages-debian-1-linux-${here}.tar`]: Buffer.from("of a distribution that no host has"),
};
for (const [name, content] of Object.entries(contents)) {
  writeFileSync(join(folder, name), content);
  const sha256 = createHash("sha256").update(content).digest("hex");
  addToManifest(folder, name, { sha256, size: content.length, version: "1", origin: "built", from: [] });
}
const own = Object.keys(contents).filter((name) => name.includes(here) && !name.startsWith("packages-debian-1-"));

let server: TestServer;
let args: Omit<PushArgs, "to">;
const host = () => `ssh://tester@127.0.0.1:${server.port}`;
before(async () => {
  server = await startServer();
  const keys = scratch();
  writeFileSync(join(keys, "key"), server.userKey, { mode: 0o600 });
  writeFileSync(join(keys, "known"), `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
  args = { folder, sshOptions: ["-F", "none", "-i", join(keys, "key"), "-o", `UserKnownHostsFile=${join(keys, "known")}`] };
});
after(() => server.close());

/** The files in a folder, hidden ones included, by name with their content. */
const filesIn = (to: string) => Object.fromEntries(readdirSync(to).map((name) => [name, readFileSync(join(to, name))]));
const wanted = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, contents[name]]));

test(`a host gets the files of its own architecture and distribution (${system}), whole; a mirror gets all`, async () => {
  const to = join(scratch(), "it's/new");
  await pushBundle([host()], { ...args, to });
  assert.deepEqual(filesIn(to), wanted(own));
  await pushBundle([host()], { ...args, to, all: true });
  assert.deepEqual(filesIn(to), wanted(Object.keys(contents)));
});

test("a file that was cut off is continued; a changed one comes again; a file that is whole is not sent", async () => {
  const to = scratch();
  await pushBundle([host()], { ...args, to });
  const [kubelet = "", etcd = ""] = own;
  const sha256 = createHash("sha256")
    .update(contents[kubelet] as Buffer)
    .digest("hex");
  writeFileSync(join(to, etcd), "odd!");
  // A part of it came earlier: only the right end makes it whole.
  const { size } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")).files[kubelet];
  await run("mv", [join(to, kubelet), join(to, `.${kubelet}.${sha256}`)]);
  await run("truncate", ["-s", String(size - 5), join(to, `.${kubelet}.${sha256}`)]);
  const before = server.connections();
  await pushBundle([host()], { ...args, to });
  assert.deepEqual(filesIn(to), wanted(own));
  assert.equal(server.connections() - before, 3);
  await pushBundle([host()], { ...args, to });
  assert.equal(server.connections() - before, 4);
});

test("a host named twice and two pushes at once bring each file whole", async () => {
  const to = scratch();
  const before = server.connections();
  await pushBundle([host(), host()], { ...args, to });
  assert.equal(server.connections() - before, 1 + own.length);
  const both = scratch();
  await Promise.all([1, 2, 3].map(() => pushBundle([host()], { ...args, to: both })));
  assert.deepEqual([filesIn(to), filesIn(both)], [wanted(own), wanted(own)]);
});

test("a push writes at its own place, finds what another one finished, and tells why a folder can't be written", async () => {
  const to = scratch();
  const sha256 = createHash("sha256").update("whole").digest("hex");
  const script = readFileSync(new URL("../../../artifacts/push-remote.sh", import.meta.url), "utf8");
  const take = (start: string, input: string, folder = to) =>
    run("bash", ["-c", script, "push", "take", folder, "x", sha256, "5", start], { input });
  writeFileSync(join(to, `.x.${sha256}`), "who");
  // The other push has written on since this one looked.
  assert.equal((await take("2", "ole")).status, 0);
  assert.equal(readFileSync(join(to, "x"), "utf8"), "whole");
  assert.equal((await take("3", "le")).status, 0);
  assert.deepEqual(readdirSync(to), ["x"]);
  const other = scratch();
  assert.match((await take("0", "WHOLE", other)).stderr, /^x came with another SHA-256 than [0-9a-f]{64} and was removed$/m);
  assert.deepEqual(readdirSync(other), []);
  for (const [target, reason] of [
    ["/dev/full", "No space left on device"],
    ["/", "Is a directory"],
  ] as const) {
    symlinkSync(target, join(other, `.x.${sha256}`));
    assert.match((await take("0", "whole", other)).stderr, new RegExp(`^x can't be written to ${other}: ${reason}$`, "m"));
    rmSync(join(other, `.x.${sha256}`));
  }
});

test("a bundle without a host's architecture, or without a needed program, is refused", async () => {
  const to = join(scratch(), "to");
  const elsewheres = new Set(Object.keys(contents).filter((name) => name.includes(elsewhere)));
  await assert.rejects(
    pushBundle([host()], { ...args, to, only: elsewheres }),
    new RegExp(`${folder} has no programs for ${here}: npm run bundle -- --architecture ${here}`),
  );
  const needed = (architecture: string) => [
    [own[0] as string],
    [`kubelet-1.36.9-linux-${architecture}`, `kubelet-1.36.9-linux-${architecture}.tar`],
  ];
  await assert.rejects(
    pushBundle([host()], { ...args, to, needed }),
    new RegExp(`${folder} lacks kubelet-1\\.36\\.9-linux-${here}: npm run bundle with`),
  );
  await assert.rejects(
    pushBundle([host()], { ...args, to, needed, all: true }),
    /has no architecture's programs whole: run npm run bundle with --kubernetes-version first/,
  );
  assert.ok(!existsSync(to));
});

for (const [words, message] of [
  [["--to", "/", "h"], /--to "\/": an absolute path on the hosts, below \//],
  [["--to", "//", "h"], /--to "\/\/"/],
  [[""], /push: "" is not a host/],
] as const) {
  test(`push ${JSON.stringify(words)} is refused`, () => assert.rejects(push(words), message));
}

test("a file that is not as the manifest says is refused with its name and the cure, and nothing of it stays on the host", async () => {
  const to = scratch();
  const [, etcd = ""] = own;
  const broken = scratch();
  for (const name of own) writeFileSync(join(broken, name), name === etcd ? "ETCD" : (contents[name] as Buffer));
  writeFileSync(join(broken, "manifest.json"), readFileSync(join(folder, "manifest.json")));
  await assert.rejects(pushBundle([host()], { ...args, folder: broken, to }), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`^${host()}: ${etcd} in ${broken} has another SHA-256 than its manifest says: run npm run bundle`),
    );
    return true;
  });
  assert.ok(!existsSync(join(to, etcd)));
  assert.deepEqual(
    readdirSync(to).filter((name) => name.startsWith(".")),
    [],
  );
});

test("a host that fails is named with the reason, and the others get everything", async () => {
  const to = scratch();
  await assert.rejects(
    pushBundle(["ssh://user@127.0.0.1:1", host()], { ...args, to }),
    /^Error: ssh:\/\/user@127\.0\.0\.1:1: .*refused/,
  );
  assert.deepEqual(Object.keys(filesIn(to)).sort(), [...own].sort());
});
