import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bundleCli } from "../../../engine/bundled-cli.ts";
import { findCli, isOlder } from "../../../engine/cli.ts";
import { download } from "../../../engine/download.ts";
import { scratch } from "../../harness/scratch.ts";

/** A machine with only those programs that a test puts on PATH or into the cache, and a download server that `serve` answers for. */
async function machine(context: TestContext, serve?: (path: string) => Buffer) {
  const folder = scratch();
  const requests: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    requests.push(url);
    if (serve) response.end(serve(url));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const before = { ...process.env };
  context.after(() => {
    server.close();
    Object.assign(process.env, before);
    for (const name of ["XDG_CACHE_HOME", "HA_KUBERNETES_PULUMI_DOWNLOADS"]) {
      if (before[name] === undefined) delete process.env[name];
    }
  });
  mkdirSync(join(folder, "bin"));
  process.env.PATH = join(folder, "bin");
  process.env.XDG_CACHE_HOME = join(folder, "cache");
  process.env.HA_KUBERNETES_PULUMI_DOWNLOADS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = (path: string, text: string) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, path), 0o755);
  };
  const said: string[] = [];
  return { folder, program, said, requests, find: () => findCli((line) => said.push(line)) };
}

test("a CLI on PATH is used if it is new enough; an older one and the npm package's are not, and a line says so", async (context) => {
  const { folder, program, said, find } = await machine(context);
  program("cache/ha-kubernetes/engine/v3.274.1/pulumi", "echo v3.274.1");
  program("bin/pulumi", "echo v3.216.0");
  assert.equal((await find()).version, "3.274.1");
  assert.match(said.join("\n"), /3\.216\.0 is older than 3\.217\.0/);
  rmSync(join(folder, "bin/pulumi"));
  program("run.js", "echo v3.300.0");
  symlinkSync(join(folder, "run.js"), join(folder, "bin/pulumi"));
  assert.equal((await find()).version, "3.274.1");
  rmSync(join(folder, "bin/pulumi"));
  program("bin/pulumi", "echo v3.230.0");
  const { version, isBuilt } = await find();
  assert.deepEqual([version, isBuilt], ["3.230.0", false]);
});

test("the newest CLI of the cache is used, built or downloaded; an incomplete one does not count", async (context) => {
  const { program, find, folder } = await machine(context);
  program("cache/ha-kubernetes/engine/v3.99.0/pulumi", "");
  program("cache/ha-kubernetes/engine/v3.274.1/pulumi", "");
  program("cache/ha-kubernetes/engine/v3.280.0/pulumi/pulumi", "");
  mkdirSync(join(folder, "cache/ha-kubernetes/engine/v3.290.0"));
  const { version, isBuilt } = await find();
  assert.deepEqual([version, isBuilt], ["3.280.0", false]);
});

test("without a CLI on PATH and in the cache, that of the bundle is used, and nothing is downloaded", async (context) => {
  const { folder, program, find, requests } = await machine(context);
  program("made/pulumi", "echo v3.274.1");
  symlinkSync("/usr/bin/tar", join(folder, "bin/tar"));
  await bundleCli(join(folder, "cache/ha-kubernetes/bundle"), { path: join(folder, "made/pulumi"), version: "3.274.1" });
  const { version, path } = await find();
  assert.deepEqual([version, path], ["3.274.1", join(folder, "cache/ha-kubernetes/engine/v3.274.1/pulumi")]);
  assert.deepEqual(requests, []);
});

test("a download with another checksum is not used; with neither download nor Go the error says what to install", async (context) => {
  const { folder, find, requests } = await machine(context, () => Buffer.from("not the CLI"));
  await assert.rejects(
    find(),
    /has SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}.*there is no Go on PATH.*Install one \(https:\/\/www\.pulumi\.com/s,
  );
  assert.equal(requests.length, 1);
  assert.ok(!existsSync(join(folder, "cache/ha-kubernetes/engine/v3.259.0")));
});

test("a download goes by way of the environment's proxy, which is named where it refuses", async () => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", ({ url }, socket) => {
    asked.push(String(url));
    socket.on("error", () => {}).end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const before = { ...process.env };
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  Object.assign(process.env, { https_proxy: address, HTTPS_PROXY: address, no_proxy: "", NO_PROXY: "" });
  process.env.HA_KUBERNETES_PULUMI_DOWNLOADS = "https://downloads.example.com";
  try {
    await assert.rejects(
      download(scratch(), () => {}),
      /can't be reached \(Proxy response \(403\)/,
    );
  } finally {
    for (const name of Object.keys(process.env)) if (before[name] === undefined) delete process.env[name];
    Object.assign(process.env, before);
    proxy.close();
  }
  assert.deepEqual(asked, ["downloads.example.com:443"]);
});

test("versions are compared by their numbers", () => {
  assert.ok(isOlder("3.99.0", "3.217.0"));
  assert.ok(!isOlder("3.217.0", "3.217.0"));
});
