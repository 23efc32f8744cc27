import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { lockedFile } from "../../../artifacts/lock.ts";
import { downloadOfficial, officialSize } from "../../../artifacts/official.ts";
import { scratch } from "../../harness/scratch.ts";

const content = "what the project published";
/** How many answers are cut off after a few bytes, and whether every answer is 416. */
let cuts = 0;
let neverMore = false;
/** A file server that continues downloads unless it is told to know nothing of that, and what it was asked. */
let resumes = true;
const asked: string[] = [];
const server = createServer(({ method, headers }, response) => {
  asked.push(`${method} ${headers.range ?? "all"}`);
  const start = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
  if (neverMore) return void response.writeHead(416).end();
  if (cuts > 0) {
    cuts--;
    response.writeHead(start === 0 ? 200 : 206, { "content-length": content.length - start });
    return void response.write(content.slice(start, start + 4), () => response.destroy());
  }
  if (!resumes || start === 0)
    response.writeHead(200, { "content-length": content.length }).end(method === "HEAD" ? "" : content);
  else if (start >= content.length) response.writeHead(416).end();
  else response.writeHead(206).end(content.slice(start));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => server.close());
const file = (sha256 = createHash("sha256").update(content).digest("hex")) => ({
  ...lockedFile("runc", "1.4.3", "amd64"),
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/runc`,
  sha256,
});

for (const { title, part, range, server: knows } of [
  { title: "goes on where it ended", part: content.slice(0, 5), range: "bytes=5-", server: true },
  { title: "after its last byte is taken as it is", part: content, range: `bytes=${content.length}-`, server: true },
  { title: "begins again where the server can't continue it", part: content.slice(0, 5), range: "bytes=5-", server: false },
]) {
  test(`a download that was cut off ${title}`, async () => {
    resumes = knows;
    const path = join(scratch(), "runc");
    writeFileSync(`${path}.part`, part);
    asked.length = 0;
    await downloadOfficial(file(), path);
    assert.equal(readFileSync(path, "utf8"), content);
    assert.deepEqual(asked, [`GET ${range}`]);
    assert.ok(!existsSync(`${path}.part`));
  });
}

test("a download that is cut off twice is continued; a third time names the file and what to do", async () => {
  resumes = true;
  const path = join(scratch(), "runc");
  cuts = 2;
  asked.length = 0;
  await downloadOfficial(file(), path);
  assert.equal(readFileSync(path, "utf8"), content);
  assert.equal(asked.length, 3);
  cuts = 3;
  const other = join(scratch(), "runc");
  await assert.rejects(
    downloadOfficial(file(), other),
    /\/runc was cut off after \d+ bytes \(.+\): run this again, it goes on there$/,
  );
  await downloadOfficial(file(), other);
  assert.equal(readFileSync(other, "utf8"), content);
});

test("a folder that can't be written is told as such, and 416 without an earlier part as an answer of the server", async () => {
  await assert.rejects(downloadOfficial(file(), "/no/such/runc"), /\/no\/such\/runc\.part can't be written: ENOENT/);
  neverMore = true;
  await assert.rejects(downloadOfficial(file(), join(scratch(), "runc")), /runc can't be downloaded: HTTP status 416$/);
  neverMore = false;
});

test("a part of another file fails once, and is not continued again", async () => {
  resumes = true;
  const path = join(scratch(), "runc");
  writeFileSync(`${path}.part`, "other");
  await assert.rejects(downloadOfficial(file(), path), /is not the file of artifacts\/lock\.json/);
  await downloadOfficial(file(), path);
  assert.equal(readFileSync(path, "utf8"), content);
});

test("the size of files is asked before they are fetched; a server that does not answer counts nothing", async () => {
  assert.equal(await officialSize([file(), file(), { ...file(), url: "http://127.0.0.1:9/x" }]), 2 * content.length);
});
