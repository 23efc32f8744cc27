import assert from "node:assert/strict";
import { after, test } from "node:test";
import { hashOf, publishedSha256 } from "../../../../artifacts/published/checksums.ts";
import { Publisher } from "../../../harness/publisher.ts";

const publisher = await Publisher.start();
after(() => publisher.close());
const [one, other] = ["ab".repeat(32), "cd".repeat(32)];

test("a hash is read from every form in which projects publish it", () => {
  assert.equal(hashOf(one, "kubelet"), one);
  assert.equal(hashOf(`${one}\n`, "kubelet"), one);
  assert.equal(hashOf(`${other}  etcd-arm64.tar.gz\n${one}  etcd.tar.gz\n`, "etcd.tar.gz"), one);
  assert.equal(hashOf(`${one} *./dist/runc.amd64\r\n`, "runc.amd64"), one);
  assert.equal(hashOf(`${one.toUpperCase()}  a`, "a"), one);
});

test("another file's hash, a short one and a page of words give no hash", () => {
  assert.equal(hashOf(`${other}  etcd-arm64.tar.gz\n`, "etcd.tar.gz"), undefined);
  assert.equal(hashOf(one.slice(1), "kubelet"), undefined);
  assert.equal(hashOf(`<html>${one}</html>`, "kubelet"), undefined);
  assert.equal(hashOf("", "kubelet"), undefined);
});

test("a hash that is not published is unknown, with a word; a server that fails is an error", async () => {
  const { odd, reach } = publisher;
  const ask = () => publishedSha256("https://github.com/kubelet", "https://github.com/sums", reach);
  assert.deepEqual(await ask(), { url: "https://github.com/sums", note: "nothing is published there (HTTP status 404)" });
  odd.set("github.com/sums", (_, response) => response.end(`${other}  kubectl\n`));
  assert.deepEqual(await ask(), { url: "https://github.com/sums", note: "holds no SHA-256 of kubelet" });
  odd.set("github.com/sums", (_, response) => response.writeHead(403).end());
  await assert.rejects(ask(), { message: "https://github.com/sums answers with HTTP status 403" });
});
