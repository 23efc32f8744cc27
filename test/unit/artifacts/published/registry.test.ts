import assert from "node:assert/strict";
import { after, test } from "node:test";
import { partsOf, publishedDigest } from "../../../../artifacts/published/registry.ts";
import { index, Publisher, sha256 } from "../../../harness/publisher.ts";

const publisher = await Publisher.start();
after(() => publisher.close());
const { odd, reach } = publisher;
const url = "https://registry.k8s.io/v2/pause/manifests/3.10.9";
const path = url.slice("https://".length);
const ask = () => publishedDigest("registry.k8s.io/pause:3.10.9", reach);
const gives = (body: string, headers: Record<string, string> = {}) =>
  odd.set(path, (_, response) => response.writeHead(200, headers).end(body));

test("a full name has a host, a repository and a tag; Docker's registry answers at another name", () => {
  assert.deepEqual(partsOf("ghcr.io/flannel-io/flannel:v0.28.4"), {
    host: "ghcr.io",
    repository: "flannel-io/flannel",
    tag: "v0.28.4",
  });
  assert.equal(partsOf("docker.io/library/traefik:v3").host, "registry-1.docker.io");
});

test("the digest is that of the index, asked for with the token that the registry gives to everybody", async () => {
  assert.deepEqual(await ask(), { url, hash: `sha256:${sha256(index("pause"))}` });
  assert.ok(publisher.asked.includes("registry.k8s.io/token"));
});

test("a digest that is not what the registry gives is refused with both", async () => {
  gives(index("pause"), { "docker-content-digest": `sha256:${"ab".repeat(32)}` });
  await assert.rejects(ask(), {
    message: `${url} says that its digest is sha256:${"ab".repeat(32)}, and what it gives has sha256:${sha256(index("pause"))}`,
  });
});

test("the digest of an image that lacks an architecture is not taken, and noted", async () => {
  gives(index("pause", ["amd64"]));
  assert.deepEqual(await ask(), {
    url,
    note: `is not there for linux/arm64, so its digest sha256:${sha256(index("pause", ["amd64"]))} is not taken`,
  });
  const alone = JSON.stringify({ mediaType: "application/vnd.oci.image.manifest.v1+json", layers: [] });
  gives(alone);
  assert.deepEqual(await ask(), {
    url,
    note: `is of one architecture alone, so its digest sha256:${sha256(alone)} is not taken`,
  });
});

test("an answer without a manifest, and a registry that fails or wants a login, is an error; a missing image is unknown", async () => {
  gives("<html>", { "content-type": "text/html" });
  await assert.rejects(ask(), { message: `${url} gives no manifest of an image` });
  gives("{}", { "content-type": "application/json; charset=utf-8" });
  await assert.rejects(ask(), { message: `${url} gives no manifest of an image, but application/json` });
  for (const body of ["null", "[]", "7"]) {
    gives(body);
    await assert.rejects(ask(), { message: `${url} gives no manifest of an image` });
  }
  const type = "application/vnd.oci.image.index.v1+json";
  for (const manifests of [null, 7, [null]]) {
    gives(JSON.stringify({ mediaType: type, manifests }));
    assert.match((await ask()).note ?? "", /^is not there for linux\/amd64 and linux\/arm64/);
  }
  odd.set(path, (_, response) => response.writeHead(404).end());
  assert.deepEqual(await ask(), { url, note: "the registry has no such image (HTTP status 404)" });
  odd.set(path, (_, response) => response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end());
  await assert.rejects(ask(), { message: `${url} needs a login, which this command doesn't have` });
  odd.set(path, (_, response) =>
    response.writeHead(401, { "www-authenticate": 'Bearer realm="http://registry.k8s.io/token"' }).end(),
  );
  await assert.rejects(ask(), { message: /is plain HTTP/ });
});

test("an answer without a token is an error that doesn't repeat it", async () => {
  odd.delete(path);
  for (const body of ["<html>", "null", "{}", '{"token":7}', '{"token":"a\\nb"}', '{"token":""}']) {
    odd.set("registry.k8s.io/token", (_, response) => response.end(body));
    await assert.rejects(ask(), { message: `https://registry.k8s.io gives no token for ${url}: its answer has none` });
  }
  odd.delete("registry.k8s.io/token");
});
