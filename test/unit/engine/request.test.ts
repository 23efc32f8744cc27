import assert from "node:assert/strict";
import { test } from "node:test";
import aliasMessages from "@pulumi/pulumi/proto/alias_pb.js";
import callbackMessages from "@pulumi/pulumi/proto/callback_pb.js";
import messages from "@pulumi/pulumi/proto/resource_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { goalOf } from "../../../engine/request.ts";
import { Secret } from "../../../engine/values.ts";

type Request = InstanceType<typeof messages.RegisterResourceRequest>;

/** A registration with nothing but a type and a name, and what a test adds. */
function request(more: (request: Request) => void = () => undefined): Request {
  const it = new messages.RegisterResourceRequest();
  it.setType("command:local:Command");
  it.setName("a");
  it.setCustom(true);
  more(it);
  return messages.RegisterResourceRequest.deserializeBinary(it.serializeBinary());
}

test("a registration is read with all its options", () => {
  const goal = goalOf(
    request((it) => {
      it.setParent("urn:parent");
      it.setObject(
        struct.Struct.fromJavaScript({
          n: 1,
          s: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "hidden" },
        } as never),
      );
      it.setDependenciesList(["urn:b", "urn:a"]);
      const dependencies = new messages.RegisterResourceRequest.PropertyDependencies();
      dependencies.setUrnsList(["urn:b"]);
      it.getPropertydependenciesMap().set("n", dependencies);
      it.setProtect(false);
      it.setRetainondelete(true);
      it.setDeletedwith("urn:with");
      it.setDeletebeforereplace(true);
      it.setDeletebeforereplacedefined(true);
      it.setIgnorechangesList(["n"]);
      it.setReplaceonchangesList(["s"]);
      it.setAdditionalsecretoutputsList(["stdout"]);
      it.setVersion("1.2.1");
      const timeouts = new messages.RegisterResourceRequest.CustomTimeouts();
      timeouts.setCreate("1h30m");
      timeouts.setDelete("90s");
      it.setCustomtimeouts(timeouts);
      const alias = new aliasMessages.Alias();
      const spec = new aliasMessages.Alias.Spec();
      spec.setName("old");
      spec.setNoparent(true);
      alias.setSpec(spec);
      const whole = new aliasMessages.Alias();
      whole.setUrn("urn:old");
      it.setAliasesList([alias, whole]);
    }),
  );
  assert.deepEqual(goal, {
    type: "command:local:Command",
    name: "a",
    custom: true,
    parent: "urn:parent",
    inputs: { n: 1, s: new Secret("hidden") },
    dependencies: ["urn:a", "urn:b"],
    propertyDependencies: { n: ["urn:b"] },
    version: "1.2.1",
    protect: false,
    retainOnDelete: true,
    deletedWith: "urn:with",
    deleteBeforeReplace: true,
    ignoreChanges: ["n"],
    replaceOnChanges: ["s"],
    additionalSecretOutputs: ["stdout"],
    aliases: [{ name: "old", parent: null }, { urn: "urn:old" }],
    customTimeouts: { create: 5400, delete: 90 },
  });
});

test("options that are not given stay undefined", () => {
  const goal = goalOf(request());
  for (const key of ["parent", "version", "protect", "retainOnDelete", "deletedWith", "deleteBeforeReplace"]) {
    assert.ok(!Object.hasOwn(goal, key), key);
  }
});

test("options that the engine does not know are refused by name", () => {
  const refused: [string, (it: Request) => void][] = [
    ["import", (it) => it.setImportid("x")],
    ["remote components", (it) => it.setRemote(true)],
    ["provider", (it) => it.setProvider("urn::id")],
    ["provider", (it) => it.getProvidersMap().set("tls", "urn::id")],
    ["transforms", (it) => it.setTransformsList([new callbackMessages.Callback()])],
    [
      "hooks",
      (it) => {
        const hooks = new messages.RegisterResourceRequest.ResourceHooksBinding();
        hooks.setBeforeCreateList(["x"]);
        it.setHooks(hooks);
      },
    ],
    ["replaceWith", (it) => it.setReplaceWithList(["urn"])],
    ["replacementTrigger", (it) => it.setReplacementTrigger(struct.Value.fromJavaScript("x" as never))],
    ["packages with parameters", (it) => it.setPackageref("x")],
    ["envVarMappings", (it) => it.getEnvvarmappingsMap().set("A", "B")],
  ];
  for (const [name, set] of refused) {
    assert.throws(() => goalOf(request(set)), new RegExp(`Command a uses .*${name}.*use the Pulumi CLI`));
  }
  const timeouts = new messages.RegisterResourceRequest.CustomTimeouts();
  timeouts.setCreate("soon");
  assert.throws(() => goalOf(request((it) => it.setCustomtimeouts(timeouts))), /soon is no duration/);
});
