import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { readStack } from "../../../check/stack.ts";
import { Crypter } from "../../../engine/crypto.ts";
import { checkpointText, type ResourceState } from "../../../engine/state.ts";
import { stackFiles } from "../../../engine/store.ts";
import { Secret } from "../../../engine/values.ts";
import { renderStage, type Stage } from "../../../hosts/stage.ts";

const passphrase = "of the test";
const folder = mkdtempSync(join(tmpdir(), "ha-kubernetes-state-"));
const before_ = {
  PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE,
  PULUMI_BACKEND_URL: process.env.PULUMI_BACKEND_URL,
};
before(() => {
  writeFileSync(join(folder, "Pulumi.yaml"), "name: p\nruntime: nodejs\nbackend: { url: 'file://./state' }\n");
  process.env.PULUMI_CONFIG_PASSPHRASE = passphrase;
  delete process.env.PULUMI_BACKEND_URL;
});
after(() => {
  rmSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(before_)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const owner = "prod/0011aabb";
const urn = (type: string, name: string) => `urn:pulumi:s::p::${type}::${name}`;

function command(stage: Stage, more: Partial<ResourceState> = {}): ResourceState {
  const { create, update, stdin } = renderStage(stage);
  const connection = new Secret({
    host: "10.0.0.11",
    user: "ops",
    privateKey: "KEY",
    dialErrorLimit: 30,
    proxy: { host: "bastion", port: 2222 },
  });
  const inputs = {
    create,
    ...(update !== undefined && { create: `${create} as it was born`, update }),
    stdin: new Secret(stdin),
    connection,
  };
  const type = "command:remote:Command";
  return { urn: urn(type, `${stage.name}-${stage.host}`), type, custom: true, id: "x", inputs, outputs: {}, ...more };
}

async function write(resources: ResourceState[]): Promise<void> {
  const { state } = stackFiles(join(folder, "state"), "p", "s");
  mkdirSync(dirname(state), { recursive: true });
  writeFileSync(
    state,
    checkpointText("organization/p/s", "3.270.0", { resources, pending: [] }, await Crypter.create(passphrase)),
  );
}

test("the hosts of a state: their stages together, how they are reached, who is lost; certificates and their window", async () => {
  const certificate = {
    urn: urn("tls:index/locallySignedCert:LocallySignedCert", "etcd-m1"),
    type: "tls:index/locallySignedCert:LocallySignedCert",
  };
  await write([
    command({ name: "prepare", host: "m1", owner, versions: { runc: "1.4.3" }, files: [{ path: "/etc/a", content: "a" }] }),
    command({
      name: "etcd",
      host: "m1",
      owner,
      settings: { A: "1" },
      birth: { B: "2" },
      files: [{ path: "/etc/b", content: "b" }],
    }),
    command({ name: "leaving", host: "m1", owner }),
    command({ name: "etcd", host: "m1", owner, settings: { A: "old" } }, { delete: true }),
    command({ name: "prepare", host: "a1", owner }, { retainOnDelete: true }),
    { ...certificate, custom: true, id: "y", inputs: { earlyRenewalHours: 2160 }, outputs: { certPem: "PEM" } },
  ]);
  const { hosts, certificates, unfinished } = await readStack(folder, "s");
  assert.deepEqual(
    hosts.map(({ name, lost, stages }) => [name, lost, stages]),
    [
      ["a1", true, ["prepare"]],
      ["m1", false, ["prepare", "etcd", "leaving"]],
    ],
  );
  const [, m1] = hosts;
  assert.deepEqual([m1?.owner, m1?.versions, m1?.settings], [owner, { runc: "1.4.3" }, { A: "1" }]);
  assert.deepEqual(
    m1?.files.map(({ path, content }) => [path, content]),
    [
      ["/etc/a", "a"],
      ["/etc/b", "b"],
    ],
  );
  assert.deepEqual(m1?.target, {
    host: "10.0.0.11",
    port: 22,
    user: "ops",
    privateKey: "KEY",
    dialErrorLimit: 1,
    perDialTimeout: 10,
    proxy: { host: "bastion", port: 2222, user: "root", dialErrorLimit: 1, perDialTimeout: 10 },
  });
  assert.deepEqual(certificates, [{ name: "etcd-m1", pem: "PEM", renewBeforeHours: 2160 }]);
  assert.equal(unfinished, false);
});

test("of each authority the state tells whether a newer generation issues in its place", async () => {
  const type = "tls:index/selfSignedCert:SelfSignedCert";
  const made = (name: string) => ({ urn: urn(type, name), type, custom: true, id: name, inputs: {}, outputs: { certPem: name } });
  const recorded = (authorities: object) => {
    const rest = {
      name: "s",
      provider: "lab",
      kubernetesVersion: "1.36.3",
      versions: {},
      podCidr: "",
      serviceCidr: "",
      dnsDomain: "",
    };
    const outputs = { recorded: { ...rest, etcdDataDirectory: "", hosts: {}, authorities } };
    return { urn: urn("pulumi:pulumi:Stack", "p-s"), type: "pulumi:pulumi:Stack", custom: false, inputs: {}, outputs };
  };
  const resources = () => [
    command({ name: "prepare", host: "m1", owner }),
    ...["etcd-ca", "etcd-ca-2", "front-proxy-ca"].map(made),
  ];
  const superseded = async (authorities: object) => {
    await write([recorded(authorities) as ResourceState, ...(resources() as ResourceState[])]);
    return (await readStack(folder, "s")).certificates.map(({ superseded }) => superseded);
  };
  assert.deepEqual(await superseded({ etcd: { trust: [1, 2], issue: 1 } }), [false, false, false]);
  assert.deepEqual(await superseded({ etcd: { trust: [1, 2], issue: 2 } }), [true, false, false]);
});

test("a stack without a state, without hosts or with another passphrase is refused, saying why", async () => {
  await assert.rejects(readStack(folder, "none"), /stack none has no state .*run up first/);
  await write([]);
  await assert.rejects(readStack(folder, "s"), /no host in its state: run up first/);
  await write([command({ name: "prepare", host: "m1", owner })]);
  process.env.PULUMI_CONFIG_PASSPHRASE = "another";
  await assert.rejects(readStack(folder, "s"), /passphrase does not open/);
  process.env.PULUMI_CONFIG_PASSPHRASE = passphrase;
});
