import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterFrom, lab, type Written } from "../../../harness/samples.ts";
import { provide, resolved } from "../graph.ts";

const provideLab = (edit: (config: Written) => void = () => {}) => {
  const config = lab();
  edit(config);
  return provide(clusterFrom(config));
};

test("a lab is one component, two keys, the machine, the bundle and one command for each host", async () => {
  const { resources } = await provideLab();
  assert.deepEqual([...resources.keys()].sort(), [
    "bundle",
    "host-m1",
    "host-m2",
    "host-m3",
    "host-w1",
    "host-w2",
    "lab",
    "lab-host-key",
    "lab-login-key",
  ]);
});

test("texts name the scripts relative to the project and hold no more than the lab's and the host's own settings", async () => {
  const { resources } = await provideLab();
  const texts = (name: string) => {
    const { create, update, delete: undo } = resources.get(name)?.inputs ?? {};
    return { create, update, undo };
  };
  assert.deepEqual(texts("host-m1"), {
    create: "bash lab/host.sh create prod m1 10.0.0.11",
    update: undefined,
    undo: "bash lab/host.sh delete prod m1",
  });
  assert.deepEqual(texts("bundle"), {
    create: "node_modules/.bin/node artifacts/make-bundle.ts --hashes --kubernetes-version 1.36.3",
    update: undefined,
    undo: undefined,
  });
});

test("a new host, or a new role of a host, changes nothing of the others", async () => {
  const original = await provideLab();
  const after = await provideLab((config) => {
    config.hosts = { w3: { address: "10.0.0.23", roles: ["worker"], pool: "general" }, ...config.hosts };
    config.hosts.w1.roles = ["etcd"];
    delete config.hosts.w1.pool;
  });
  assert.ok(after.resources.has("host-w3"));
  for (const [name, { inputs }] of original.resources) assert.deepEqual(after.resources.get(name)?.inputs, inputs, name);
});

test("a reinstalled host and one with another address are other containers", async () => {
  const { resources } = await provideLab((config) => {
    config.hosts.w1.incarnation = 2;
    config.hosts.w2.address = "10.0.0.99";
  });
  const triggers = (name: string) => resources.get(name)?.inputs.triggers;
  assert.deepEqual(triggers("host-m1"), ["10.0.0.11", 1]);
  assert.deepEqual(triggers("host-w1"), ["10.0.0.21", 2]);
  assert.deepEqual(triggers("host-w2"), ["10.0.0.99", 1]);
});

test("versions that the config names are asked of the bundle builder, whatever their order", async () => {
  const text = async (versions: object) =>
    (await provideLab((config) => Object.assign(config, { versions }))).resources.get("bundle")?.inputs.create;
  const one = await text({ runc: "1.4.3", etcd: "3.6.14" });
  assert.equal(
    one,
    "node_modules/.bin/node artifacts/make-bundle.ts --hashes --kubernetes-version 1.36.3 --version etcd=3.6.14 --version runc=1.4.3",
  );
  assert.equal(await text({ etcd: "3.6.14", runc: "1.4.3" }), one);
});

test("every host is reached with the lab's key and proves itself with the lab's host key", async () => {
  const { infrastructure } = await provideLab((config) => {
    config.lab.sshUser = "ops";
  });
  for (const { name, connection, address } of infrastructure.hosts) {
    assert.ok(connection.kind === "ssh", name);
    assert.equal(connection.user, "ops");
    assert.equal(connection.port, 22);
    assert.equal(connection.host, address);
    assert.equal(await resolved(connection.privateKey), "private lab-login-key\n");
    assert.equal(await resolved(connection.hostKey), "ssh-ed25519 lab-host-key");
  }
});

test("keys reach a host through stdin only: who may log in, then its private host key", async () => {
  const { resources } = await provideLab();
  for (const [name, { inputs }] of resources) {
    const { stdin, ...visible } = inputs as Record<string, unknown> & { stdin?: { value: string } };
    assert.doesNotMatch(JSON.stringify(visible), /private lab/, name);
    if (!name.startsWith("host-")) continue;
    // The whole of it is a secret in the state.
    assert.equal(
      (stdin as unknown as Record<string, string>)["4dabf18193072939515e22adb298388d"],
      "1b47061264138c4ac30d75fd1eb44270",
    );
    assert.equal(stdin?.value, "ssh-ed25519 lab-login-key\nprivate lab-host-key\n");
  }
});

test("a lost host is not made, and stays among the hosts for others to forget", async () => {
  const { infrastructure, resources } = await provideLab((config) => {
    config.hosts.w1.lost = true;
  });
  assert.ok(!resources.has("host-w1"));
  const lost = infrastructure.hosts.find(({ name }) => name === "w1");
  assert.equal(lost?.lost, true);
  assert.equal(lost?.machine, undefined);
  assert.equal(lost?.site, undefined);
  assert.ok(infrastructure.hosts.filter(({ name }) => name !== "w1").every(({ machine, site }) => machine && site));
});

test("hosts take what the bundle builder said it has, from the folder they all see", async () => {
  const { infrastructure } = await provideLab();
  assert.equal(infrastructure.artifacts.kind, "bundle");
  assert.equal(infrastructure.artifacts.location, "/var/cache/ha-kubernetes/bundle");
  assert.deepEqual(await resolved(infrastructure.artifacts.sha256), { kubelet: "00" });
});
