import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { PartialError, type Provider, type ResourceType } from "../../../plugins/provider.ts";
import { servePlugins } from "../../../plugins/serve.ts";
import { propertiesOf, structOf } from "../../../plugins/serve-resources.ts";
import { type Properties, secretSignature, signature, unknown } from "../../../plugins/value.ts";

// The answers that an engine gets over the wire, from a provider that is made for this test.

const thing: ResourceType = {
  secrets: ["key", "nested.key"],
  create: async (inputs, { log, name }) => {
    for (let line = 1; line <= 50; line++) log(`${name} ${line}`);
    log("beware", "warning");
    if (inputs.fail === "half") throw new PartialError("half made", "half", inputs);
    if (inputs.fail !== undefined) throw new Error(String(inputs.fail));
    return { id: "1", outputs: inputs };
  },
};
const waiting: ResourceType = {
  create: (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("interrupted")), { once: true })),
};
let loads = 0;
let closed = 0;
const provider: Provider = {
  version: "1.2.3",
  types: { "test:index:Thing": thing, "test:index:Waiting": waiting },
  functions: { "test:index:double": async ({ number }) => ({ number: Number(number) * 2 }) },
  close: async () => {
    closed++;
  },
};

let served: Awaited<ReturnType<typeof servePlugins>>;
let client: InstanceType<typeof services.ResourceProviderClient>;
const engine = new grpc.Server();
const lines: LogRequest[] = [];

before(async () => {
  engine.addService(engineServices.EngineService, {
    log: ({ request }: { request: LogRequest }, answer: grpc.sendUnaryData<empty.Empty>) => {
      lines.push(request);
      answer(null, new empty.Empty());
    },
  });
  const port = await new Promise<number>((resolve) =>
    engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_, bound) => resolve(bound)),
  );
  const load = async () => {
    loads++;
    return { provider };
  };
  served = await servePlugins({ test: load, other: load });
  const [, address = ""] = /^test:(\d+),other:\d+$/.exec(served.debugProviders) ?? [];
  client = new services.ResourceProviderClient(`127.0.0.1:${address}`, grpc.credentials.createInsecure());
  await ask("attach", new pluginMessages.PluginAttach().setAddress(`127.0.0.1:${port}`));
});
after(() => {
  client.close();
  engine.forceShutdown();
});

// biome-ignore lint/suspicious/noExplicitAny: every call has its own messages
const ask = (call: string, request: unknown): Promise<any> =>
  new Promise((resolve, reject) => {
    // biome-ignore lint/suspicious/noExplicitAny: as above
    (client as any)[call](request, (error: unknown, response: unknown) => (error ? reject(error) : resolve(response)));
  });

const resource = { urn: "urn:pulumi:s::p::test:index:Thing::one", name: "one", type: "test:index:Thing" };
const created = (inputs: Properties, type = resource.type) =>
  new messages.CreateRequest().setUrn(resource.urn).setName(resource.name).setType(type).setProperties(structOf(inputs));
const diff = async (before: Properties, now: Properties, ignored: string[] = []) => {
  const request = new messages.DiffRequest().setId("1").setUrn(resource.urn).setName(resource.name).setType(resource.type);
  request.setOldInputs(structOf(before)).setOlds(structOf(before)).setNews(structOf(now)).setIgnorechangesList(ignored);
  const response = await ask("diff", request);
  return [response.getChanges(), response.getDiffsList()];
};
const secret = (value: string) => ({ [signature]: secretSignature, value });
const failure = (promise: Promise<unknown>): Promise<grpc.ServiceError> =>
  promise.then(
    () => assert.fail("did not fail"),
    (error) => error,
  );

test("a package is loaded once, at its first call, and reports its version", async () => {
  assert.equal(loads, 0);
  const [info] = await Promise.all([1, 2].map(() => ask("getPluginInfo", new empty.Empty())));
  assert.equal(info.getVersion(), "1.2.3");
  assert.equal(loads, 1);
});

test("a create returns id and outputs with their secrets marked, and its lines arrive in order before it ends", async () => {
  lines.length = 0;
  const response = await ask("create", created({ key: "k", nested: { key: "n", open: 1 }, list: [1, { a: true }] }));
  assert.equal(response.getId(), "1");
  const expected = { key: secret("k"), nested: { key: secret("n"), open: 1 }, list: [1, { a: true }] };
  assert.deepEqual(propertiesOf(response.getProperties()), expected);
  const shown = lines.map((line) => line.getMessage());
  assert.deepEqual(shown, [...Array.from({ length: 50 }, (_, index) => `one ${index + 1}`), "beware"]);
  assert.ok(lines.every((line) => line.getUrn() === resource.urn && line.getEphemeral() === (line.getMessage() !== "beware")));
});

test("a preview creates nothing: a create returns its inputs, an update leaves the other outputs unknown", async () => {
  lines.length = 0;
  const first = await ask("create", created({ fail: "not now" }).setPreview(true));
  assert.deepEqual(propertiesOf(first.getProperties()), { fail: "not now" });
  const update = new messages.UpdateRequest().setType(resource.type).setPreview(true);
  update
    .setOldInputs(structOf({ a: 1 }))
    .setOlds(structOf({ a: 1, made: "x" }))
    .setNews(structOf({ a: unknown }));
  assert.deepEqual(propertiesOf((await ask("update", update)).getProperties()), { a: unknown, made: unknown });
  assert.equal(lines.length, 0);
});

test("a difference names the changed properties; unknown ones differ, ignored ones don't", async () => {
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  assert.deepEqual(await diff({ a: 1, b: { c: [1] } }, { a: 1, b: { c: [1] } }), [DIFF_NONE, []]);
  assert.deepEqual(await diff({ a: 1, b: 1 }, { a: 2, b: unknown, c: null }), [DIFF_SOME, ["a", "b", "c"]]);
  assert.deepEqual(await diff({ a: 1 }, { a: 2 }, ["a"]), [DIFF_NONE, []]);
});

test("an error arrives unchanged, a very long one by its two ends, together with a resource that was made partially", async () => {
  assert.equal((await failure(ask("create", created({ fail: "grün 100%" })))).details, "grün 100%");
  const { details } = await failure(ask("create", created({ fail: `first ${"ü".repeat(100_000)} last` })));
  assert.match(details, /^first ü+ … ü+ last$/);
  const { metadata } = await failure(ask("create", created({ fail: "half" })));
  const [bytes] = metadata.get("grpc-status-details-bin");
  const [detail] = status.Status.deserializeBinary(bytes as Buffer).getDetailsList();
  const made = messages.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
  assert.deepEqual([made.getId(), made.getReasonsList()], ["half", ["half made"]]);
  assert.deepEqual(propertiesOf(made.getProperties()), { fail: "half" });
});

test("a read leaves the state unchanged; an import is refused", async () => {
  const request = new messages.ReadRequest().setId("7").setType(resource.type);
  const response = await ask("read", request.setProperties(structOf({ a: 1 })).setInputs(structOf({ b: 2 })));
  assert.deepEqual(
    [response.getId(), propertiesOf(response.getProperties()), propertiesOf(response.getInputs())],
    ["7", { a: 1 }, { b: 2 }],
  );
  const empties = new messages.ReadRequest().setId("7").setType(resource.type);
  assert.match((await failure(ask("read", empties))).details, /import needs Pulumi's own plugin/);
});

test("unsupported types and functions are named, with the way out", async () => {
  const { details } = await failure(ask("create", created({}, "test:index:Other")));
  assert.match(details, /there is no test:index:Other here.* Pulumi's own plugin "test"/);
  const invoke = new messages.InvokeRequest().setArgs(structOf({ number: 21 }));
  assert.match((await failure(ask("invoke", invoke.setTok("test:index:triple")))).details, /no test:index:triple here/);
  assert.deepEqual(propertiesOf((await ask("invoke", invoke.setTok("test:index:double"))).getReturn()), { number: 42 });
  const { code } = await failure(ask("construct", new messages.ConstructRequest()));
  assert.equal(code, grpc.status.UNIMPLEMENTED);
});

test("cancel interrupts running operations and no later ones; close interrupts, too, and frees the provider's resources", async () => {
  const first = failure(ask("create", created({}, "test:index:Waiting")));
  await ask("getPluginInfo", new empty.Empty());
  await ask("cancel", new empty.Empty());
  assert.equal((await first).details, "interrupted");
  const second = failure(ask("create", created({}, "test:index:Waiting")));
  await ask("getPluginInfo", new empty.Empty());
  await Promise.all([served.close(), second]);
  // The other package was never loaded.
  assert.deepEqual([closed, loads], [1, 1]);
});
