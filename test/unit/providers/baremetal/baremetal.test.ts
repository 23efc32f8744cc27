import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../../../../providers/contract.ts";
import { clusterFrom, hostKeyOf, metal, type Written } from "../../../harness/samples.ts";
import { provide, resolved } from "../graph.ts";

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
