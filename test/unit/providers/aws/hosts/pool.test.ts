import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import { instanceOwn, poolStages } from "../../../../../hosts/pool-stages.ts";
import type { Stage } from "../../../../../hosts/stage.ts";
import { joinTokenFiles } from "../../../../../providers/aws/hosts/join-tokens.ts";
import { instanceProviderId, poolUserData, USER_DATA_LIMIT_BYTES } from "../../../../../providers/aws/hosts/pool-user-data.ts";
import { type FakeAws, type SignedRequest, startAws } from "../../../../harness/aws.ts";
import { run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

// An instance of a pool becomes a worker by itself: both ends of the way its token takes, with the real curl.

const folder = scratch();
const scripts = new URL("../../../../../", import.meta.url).pathname;
const make = (name: string) => mkdtempSync(join(folder, `${name}-`));
const metadata = {
  "meta-data/instance-id": "i-0123456789abcdef0",
  "meta-data/local-ipv4": "10.0.1.23",
  "meta-data/placement/availability-zone": "eu-central-1b",
};
const token = "abcdef.0123456789abcdef";
/** Where join.sh looks for s3.sh. */
const installed = make("installed");
for (const path of ["providers/aws/hosts/join.sh", "hosts/tools/s3.sh", "providers/aws/hosts/refresh.sh"]) {
  const to = join(installed, path.split("/").at(-1) as string);
  writeFileSync(to, readFileSync(join(scripts, path)));
  chmodSync(to, 0o755);
}

/** A stage's bundle as renderStage packs it, whose script says what it was given. */
function bundle(name: string, said: string): string {
  const entries = [
    {
      name: "lib/run.sh",
      data: `d=$(dirname "$0")/..; echo "${name}: $1 $(cat "$d/inputs/it")" >>${said}; echo '@NODE_NAME@' >>${said}\n`,
    },
    { name: "inputs/it", data: [instanceOwn.name, instanceOwn.address, instanceProviderId, instanceOwn.token].join(" ") },
  ];
  return Buffer.from(gzipSync(createTar(entries))).toString("base64");
}

async function joining(parameter: string, change: (stages: string) => string = (it) => it) {
  const said = join(make("said"), "said");
  const stages = `${bundle("first", said)}\n${bundle("second", said)}\n`;
  const seen: SignedRequest[] = [];
  const aws = await startAws(
    (request) => {
      seen.push(request);
      if (request.service === "s3") return { body: change(stages) };
      if (parameter === "") return { status: 400, body: '{"__type":"ParameterNotFound"}' };
      return { body: JSON.stringify({ Parameter: { Name: "/join", Type: "SecureString", Value: parameter, Version: 7 } }) };
    },
    { metadata },
  );
  after(aws.close);
  const [runtime, state] = [make("runtime"), make("state")];
  const env = {
    no_proxy: "*",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: aws.metadata,
    POOL: "burst",
    AWS_REGION: "eu-central-1",
    STAGES_URL: `${aws.url}/prod/pools/burst`,
    STAGES_SHA256: createHash("sha256").update(stages).digest("hex"),
    TOKEN_PARAMETER: "/ha-kubernetes/prod/join/burst",
    SSM_URL: `${aws.url}/`,
    RUNTIME_DIRECTORY: runtime,
    STATE_DIRECTORY: state,
  };
  const result = await run("bash", [join(installed, "join.sh")], { env });
  const lines = existsSync(said) ? readFileSync(said, "utf8").trimEnd().split("\n") : [];
  return { result, lines, seen, joined: existsSync(join(state, "joined")), left: readdirSync(runtime) };
}

test("a new instance runs its stages in order with its own values filled in, and leaves no token behind", async () => {
  const { result, lines, seen, joined, left } = await joining(token);
  assert.equal(result.status, 0, result.text);
  const own = `apply burst-i-0123456789abcdef0 10.0.1.23 aws:///eu-central-1b/i-0123456789abcdef0 ${token}`;
  // Scripts are as they were: only what the stage says is filled in.
  assert.deepEqual(lines, [`first: ${own}`, "@NODE_NAME@", `second: ${own}`, "@NODE_NAME@"]);
  assert.deepEqual(
    seen.map(({ service, target }) => `${service} ${target}`.trim()),
    ["s3", "ssm AmazonSSM.GetParameter"],
  );
  assert.deepEqual(JSON.parse(String(seen[1]?.body)), { Name: "/ha-kubernetes/prod/join/burst", WithDecryption: true });
  assert.ok(joined);
  assert.deepEqual(left, []);
  assert.doesNotMatch(result.text, new RegExp(token.replace(".", "\\.")));
});

test("an instance without a token, or with other stages than it was made for, runs nothing and says why", async () => {
  for (const [answer, why] of [
    ["none", /Parameter Store has no join token for pool burst yet/],
    ["", /no join token in Parameter Store: .*ParameterNotFound/],
  ] as const) {
    const { result, lines, joined } = await joining(answer);
    assert.notEqual(result.status, 0);
    assert.match(result.text, why);
    assert.deepEqual([lines, joined], [[], false]);
  }
  const { result, lines } = await joining(token, (it) => `${it}\n`);
  assert.match(result.text, /is not what this instance was made for: its SHA-256 is another/);
  assert.deepEqual(lines, []);
});

/** etcdctl and kubeadm as refresh.sh calls them: the store is a file, every token another. */
const programs = make("programs");
const program = (name: string, text: string) => writeFileSync(join(programs, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
program(
  "etcdctl",
  `case $1 in
  lock) shift 4; exec "$@" ;;
  get) [ -f "$STORE" ] && cat "$STORE" || true ;;
  put) echo "$3" >"$STORE" ;;
esac`,
);
program(
  "kubeadm",
  'echo "$*" >>"$STORE.kubeadm"; [ ! -f "$STORE.broken" ] && printf "abcdef.%016d\\n" "$(wc -l <"$STORE.kubeadm")"',
);

async function refresh(aws: FakeAws, store: string, parameters: string) {
  writeFileSync(`${store}.servers`, "https://10.0.0.1:2379\n");
  return run("bash", [join(installed, "refresh.sh")], {
    env: {
      PATH: `${programs}:${process.env.PATH}`,
      no_proxy: "*",
      STORE: store,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: aws.metadata,
      AWS_REGION: "eu-central-1",
      SSM_URL: `${aws.url}/`,
      REFRESH_SECONDS: "840",
      TOKEN_TTL: "1h",
      ETCD_SERVERS_FILE: `${store}.servers`,
      PARAMETERS: parameters,
      RUNTIME_DIRECTORY: make("runtime"),
    },
  });
}

test("a control plane puts a fresh token for each pool into Parameter Store, once for all control planes", async () => {
  const puts: Record<string, unknown>[] = [];
  const aws = await startAws(({ target, body }) => {
    assert.equal(target, "AmazonSSM.PutParameter");
    puts.push(JSON.parse(String(body)));
    return { body: '{"Version": 2}' };
  });
  after(aws.close);
  const store = join(make("store"), "etcd");
  const pools = "burst=/ha-kubernetes/prod/join/burst gpu=/ha-kubernetes/prod/join/gpu";
  const first = await refresh(aws, store, pools);
  assert.equal(first.status, 0, first.text);
  const common = { Type: "SecureString", Overwrite: true };
  assert.deepEqual(puts, [
    { Name: "/ha-kubernetes/prod/join/burst", Value: "abcdef.0000000000000001", ...common },
    { Name: "/ha-kubernetes/prod/join/gpu", Value: "abcdef.0000000000000002", ...common },
  ]);
  assert.match(readFileSync(`${store}.kubeadm`, "utf8"), /^token create .* --ttl 1h --description join of pool burst$/m);
  assert.doesNotMatch(first.text, /abcdef/);
  // Another control plane's timer, a moment later.
  const second = await refresh(aws, store, pools);
  assert.match(second.text, /the join tokens are fresh/);
  assert.equal(puts.length, 2);
  // A new pool gets its token at once, and old tokens are replaced.
  await refresh(aws, store, `${pools} new=/n`);
  assert.equal(puts.length, 5);
  writeFileSync(
    store,
    readFileSync(store, "utf8").replace(/^\d+/, (at) => String(Number(at) - 841)),
  );
  await refresh(aws, store, `${pools} new=/n`);
  assert.equal(puts.length, 8);
});

test("what fails is the unit's failure, and is tried again", async () => {
  const store = join(make("store"), "etcd");
  const refusing = await startAws(() => ({ status: 400, body: '{"__type":"AccessDeniedException"}' }));
  after(refusing.close);
  const denied = await refresh(refusing, store, "burst=/b");
  assert.notEqual(denied.status, 0);
  assert.match(denied.text, /Parameter Store did not take the token of pool burst as \/b: .*AccessDeniedException/);
  assert.ok(!existsSync(store), "not noted as fresh");
  writeFileSync(`${store}.broken`, "");
  assert.match((await refresh(refusing, store, "burst=/b")).text, /kubeadm made no token for pool burst: is the API up\?/);
});

test("user data is within EC2's limit, holds no secret, and is what the instance was given", () => {
  const stage = (name: "prepare" | "worker", value: string): Stage => ({
    name,
    host: instanceOwn.name,
    owner: "prod/1",
    settings: { VALUE: value },
  });
  const stages = poolStages([stage("prepare", "a"), stage("worker", "b")]);
  assert.deepEqual(poolStages([stage("prepare", "a"), stage("worker", "b")]), stages);
  assert.notEqual(poolStages([stage("prepare", "a"), stage("worker", "c")]).sha256, stages.sha256);
  assert.equal(stages.content.trimEnd().split("\n").length, 2);
  const text = poolUserData({
    cluster: "prod",
    pool: "burst",
    region: "eu-central-1",
    stages: { url: "https://b.s3.eu-central-1.amazonaws.com/pools/burst/1", sha256: stages.sha256 },
    tokenParameter: "/ha-kubernetes/prod/join/burst",
  });
  assert.ok(Buffer.byteLength(text) < USER_DATA_LIMIT_BYTES, String(Buffer.byteLength(text)));
  assert.match(text, /^#!\/bin\/bash\n/);
  assert.match(text, new RegExp(`^STAGES_SHA256=${stages.sha256}$`, "m"));
  assert.match(text, /^SSM_URL=https:\/\/ssm\.eu-central-1\.amazonaws\.com\/$/m);
});

test("the timer's files", () => {
  const files = joinTokenFiles({ region: "eu-central-1", parameters: { gpu: "/g", burst: "/b" } });
  assert.ok(files.every(({ path }) => /ha-kubernetes/.test(path)));
  assert.match(files[0]?.content ?? "", /^PARAMETERS="burst=\/b gpu=\/g"$/m);
});
