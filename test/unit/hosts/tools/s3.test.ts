import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type SignedRequest, startAws } from "../../../harness/aws.ts";
import { run } from "../../../harness/process.ts";
import { scratch } from "../../../harness/scratch.ts";

// What hosts say to AWS, with the real curl.

const folder = scratch();
const library = new URL("../../../../hosts/tools/s3.sh", import.meta.url).pathname;

const bash = (script: string, metadata: string) =>
  run("bash", ["-c", `set -euo pipefail; fail() { echo "ERROR: $*" >&2; exit 1; }; . ${library}; ${script}`], {
    env: { no_proxy: "*", AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata },
  });

test("a file goes to S3 and comes back, signed by the instance's role", async () => {
  const objects = new Map<string, Buffer>();
  const seen: SignedRequest[] = [];
  const aws = await startAws((request) => {
    seen.push(request);
    if (request.method === "PUT") objects.set(request.path, request.body);
    const body = objects.get(request.path);
    return body === undefined ? { status: 404, body: "<Code>NoSuchKey</Code>" } : { body };
  });
  after(aws.close);
  const file = join(folder, "snapshot");
  const content = Buffer.alloc(300_000, "etcd\0\xff");
  writeFileSync(file, content);
  const path = "/prod-backups/etcd/prod-1a2b3c4d.m1.20261121T091628Z.r48213.db";
  const put = await bash(`s3_put eu-central-1 ${file} ${aws.url}${path}`, aws.metadata);
  assert.equal(put.status, 0, put.text);
  const got = await bash(`s3_get eu-central-1 ${aws.url}${path} ${file}.back`, aws.metadata);
  assert.equal(got.status, 0, got.text);
  assert.deepEqual(readFileSync(`${file}.back`), content);
  assert.deepEqual(
    seen.map(({ method, service, region }) => `${method} ${service} ${region}`),
    ["PUT s3 eu-central-1", "GET s3 eu-central-1"],
  );
  const none = await bash(`s3_get eu-central-1 ${aws.url}/prod-backups/etcd/none ${file}.none`, aws.metadata);
  assert.notEqual(none.status, 0);
  assert.ok(!existsSync(`${file}.none`));
});

test("a request of a JSON service", async () => {
  const aws = await startAws(({ target, body }) => ({ body: `${target} ${body}` }));
  after(aws.close);
  const json = `-H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: AmazonSSM.GetParameter' -d '{"Name":"/a b"}'`;
  const said = await bash(`signed_request ssm eu-west-1 ${json} ${aws.url}/`, aws.metadata);
  assert.equal(said.stdout, 'AmazonSSM.GetParameter {"Name":"/a b"}', said.text);
});

test("a wrong credential and an instance without a role fail, and say why; no secret is said", async () => {
  const wrong = await startAws(() => ({}), { secret: "another/secret" });
  after(wrong.close);
  writeFileSync(join(folder, "small"), "x");
  const put = (metadata: string) => bash(`s3_put eu-central-1 ${folder}/small ${wrong.url}/b/k`, metadata);
  const refused = await put(wrong.metadata);
  assert.notEqual(refused.status, 0);
  assert.match(refused.text, /SignatureDoesNotMatch/);
  assert.doesNotMatch(refused.text, /another|FQoG/);
  const bare = await startAws(() => ({}), { metadata: { "meta-data/iam/security-credentials/": "gone-role" } });
  after(bare.close);
  assert.match((await put(bare.metadata)).text, /ERROR: the instance metadata service gives no credential for role gone-role/);
});
