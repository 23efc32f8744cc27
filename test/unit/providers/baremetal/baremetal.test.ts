import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { configuredArtifacts } from "../../../../providers/baremetal/artifacts.ts";
import type { Connection } from "../../../../providers/contract.ts";
import { clusterFrom, hostKeyOf, metal, type Written } from "../../../harness/samples.ts";
import { provide, resolved } from "../graph.ts";

const folder = mkdtempSync(join(tmpdir(), "providers-test-"));
after(() => rmSync(folder, { recursive: true }));

const hostKey = metal().hosts.m1.hostKey as string;

async function provideMetal(edit: (config: Written) => void = () => {}, secrets: Parameters<typeof provide>[1] = {}) {
  const config = metal();
  edit(config);
  return provide(clusterFrom(config), secrets);
}

type Ssh = Extract<Connection, { kind: "ssh" }>;
async function connectionOf(host: string, edit: (config: Written) => void, secrets: Parameters<typeof provide>[1] = {}) {
  const { infrastructure } = await provideMetal(edit, secrets);
  return infrastructure.hosts.find(({ name }) => name === host)?.connection as Ssh;
}

test("existing hosts are not resources of the stack and depend on none", async () => {
  const { infrastructure, resources } = await provideMetal();
  assert.equal(resources.size, 0);
  assert.deepEqual(
    infrastructure.hosts.map(({ name }) => name),
    ["m1", "m2", "m3", "w1", "w2"],
  );
  for (const { machine, site } of infrastructure.hosts) assert.deepEqual([machine, site], [undefined, undefined]);
});

test("a host is what the config says of it", async () => {
  const { infrastructure } = await provideMetal((config) => {
    Object.assign(config.hosts.w2, { architecture: "arm64", incarnation: 3, lost: true, dataDevice: "/dev/sdb" });
  });
  const { connection: _, ...host } = infrastructure.hosts.find(({ name }) => name === "w2") ?? assert.fail();
  assert.deepEqual(host, {
    name: "w2",
    address: "10.0.0.22",
    roles: ["worker"],
    pool: "general",
    architecture: "arm64",
    dataDevice: "/dev/sdb",
    incarnation: 3,
    lost: true,
    repair: "",
  });
});

test("a host's own way in goes before the one of all hosts", async () => {
  const common = (config: Written) => {
    config.ssh = { user: "admin", port: 2222 };
    Object.assign(config.hosts.m2, { sshAddress: "m2.example.com", sshPort: 22, sshUser: "root" });
  };
  assert.deepEqual(await connectionOf("m1", common), { kind: "ssh", host: "10.0.0.11", port: 2222, user: "admin", hostKey });
  assert.deepEqual(await connectionOf("m2", common), {
    kind: "ssh",
    host: "m2.example.com",
    port: 22,
    user: "root",
    hostKey: hostKeyOf("10.0.0.12"),
  });
});

test("the stack's secret goes to every host and to the bastion, and stays secret", async () => {
  // As ssh-keyscan prints it.
  const bastion = { host: "gate.example.com", user: "hop", hostKey: `gate.example.com ${hostKey}` };
  for (const secrets of [{ sshPrivateKey: pulumi.secret("the key") }, { sshPassword: pulumi.secret("the password") }]) {
    const connection = await connectionOf("w1", (config) => Object.assign(config, { ssh: { bastion } }), secrets);
    const [kind, value] =
      "sshPrivateKey" in secrets ? (["privateKey", "the key"] as const) : (["password", "the password"] as const);
    const { [kind]: ofBastion, ...rest } = connection.bastion ?? assert.fail();
    assert.deepEqual(rest, { host: "gate.example.com", port: 22, user: "hop", hostKey });
    for (const output of [connection[kind], ofBastion]) {
      assert.equal(await resolved(output), value);
      assert.equal(await pulumi.isSecret(pulumi.output(output)), true);
    }
  }
});

test("the machine that runs the program is reached without SSH", async () => {
  const connection = await connectionOf("m3", (config) => {
    config.hosts.m3 = { ...config.hosts.m3, connection: "local", hostKey: undefined };
  });
  assert.deepEqual(connection, { kind: "local" });
});

test("the endpoint is the virtual IP of balancers that are built, or the balancer that is there", async () => {
  const endpoint = async (kind: string) =>
    (await provideMetal((config) => Object.assign(config, { balancer: { kind } }))).infrastructure.endpoint;
  assert.deepEqual(await endpoint("haproxy"), { kind: "haproxy", address: "10.0.0.10", port: 8443 });
  assert.deepEqual(await endpoint("external"), { kind: "given", address: "10.0.0.10", port: 8443 });
});

test("artifacts come from where the config says, with the hashes of a bundle's manifest", () => {
  const manifest = join(folder, "manifest.json");
  const sha256 = "ab".repeat(32);
  writeFileSync(manifest, JSON.stringify({ files: { kubelet: { sha256, size: 1, origin: "built" } } }));
  assert.deepEqual(configuredArtifacts({ source: "official" }), { kind: "official", location: "" });
  const location = "https://mirror.example.com/k8s";
  assert.deepEqual(configuredArtifacts({ source: "mirror", location }), { kind: "mirror", location });
  const hashes = { sha256: { kubelet: sha256 } };
  assert.deepEqual(configuredArtifacts({ source: "mirror", location, manifest }), { kind: "mirror", location, ...hashes });
  const byDefault = { kind: "bundle", location: "/var/cache/ha-kubernetes/bundle", ...hashes };
  assert.deepEqual(configuredArtifacts({ source: "bundle", manifest }), byDefault);
  assert.deepEqual(configuredArtifacts({ source: "bundle", location: "/srv/bundle", manifest }), {
    ...byDefault,
    location: "/srv/bundle",
  });
});

test("a manifest that is missing or none is named with its key and the cure", () => {
  const wrong: [string, string | undefined, RegExp][] = [
    ["absent.json", undefined, /can't be read as JSON: ENOENT/],
    ["text.json", "no JSON", /can't be read as JSON: Unexpected token/],
    ["list.json", "[]", /is not a manifest: .*expected object/s],
    [
      "short.json",
      '{"files":{"kubelet":{"sha256":"ab"}}}',
      /is not a manifest: .*a SHA-256, 64 hex digits\n.*files\.kubelet\.sha256/s,
    ],
  ];
  for (const [name, content, message] of wrong) {
    const manifest = join(folder, name);
    if (content !== undefined) writeFileSync(manifest, content);
    assert.throws(
      () => configuredArtifacts({ source: "bundle", manifest }),
      (error: Error) =>
        error.message.startsWith(`config key ha-kubernetes:cluster.artifacts.manifest: ${manifest} `) &&
        message.test(error.message) &&
        error.message.endsWith("npm run bundle writes one"),
    );
  }
});
