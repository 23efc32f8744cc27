import assert from "node:assert/strict";
import { test } from "node:test";
import type { Step } from "../../../engine/events.ts";
import { outputLines, summaryLines } from "../../../engine/summary.ts";

const step = (op: string, type: string, name: string, outputs?: Record<string, unknown>): Step => ({
  op,
  type,
  urn: `urn:pulumi:s::p::x$${type}::${name}`,
  ...(outputs && { new: { outputs } }),
});
const command = (op: string, name: string) => step(op, "command:remote:Command", name);
const stack = step("update", "pulumi:pulumi:Stack", "p-s", {
  apiEndpoint: "https://10.0.0.10:8443",
  kubeconfig: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "[secret]" },
  hosts: { m1: { address: "10.0.0.11", roles: ["etcd", "control-plane"] } },
  recorded: { name: "s" },
  etcdBorn: true,
});

test("after up: the changes on each host, the outputs that users need, and the next steps", () => {
  const done = [
    command("update", "control-plane-m2"),
    command("update", "control-plane-m1"),
    command("same", "worker-w1"),
    command("create", "worker-my-host-2"),
    step("create", "tls:index/privateKey:PrivateKey", "admin"),
    stack,
  ];
  assert.deepEqual(summaryLines("up", "production", { done, failed: [], messages: [] }, true), [
    "changed:",
    "  control-plane: m1, m2",
    "  worker: my-host-2",
    "  1 other resource",
    "outputs:",
    "  apiEndpoint: https://10.0.0.10:8443",
    '  kubeconfig: "[secret]"',
    "  hosts: { m1: { address: 10.0.0.11, roles: [ etcd, control-plane ] } }",
    "next:",
    "  npm run --silent output -- kubeconfig --show-secrets --stack production > kubeconfig",
    "  npm run check -- --stack production    # looks at every host",
  ]);
});

test("after a failure: where it happened, and how to continue; a host that can't be reached has a way out", () => {
  const failed = [command("create", "etcd-m1")];
  const lines = summaryLines(
    "up",
    "dev",
    { done: [stack], failed, messages: ["cannot reach ops@10.0.0.1:22: timed out"] },
    false,
  );
  assert.deepEqual(lines.slice(0, 2), ["failed:", "  etcd: m1"]);
  assert.match(lines.join("\n"), /lost: true/);
  assert.match(lines.join("\n"), /run up again: it continues from here\. npm run check looks/);
  const destroyed = summaryLines("destroy", "dev", { done: [], failed, messages: [] }, false);
  assert.match(destroyed.join("\n"), /run destroy again: it continues from here/);
});

test("outputs that are too long for one line are split, and each part is on one line if it fits", () => {
  const host = (n: number) => [`m${n}`, { address: `10.0.0.${n}`, roles: ["etcd", "balancer", "control-plane"] }] as const;
  assert.deepEqual(outputLines({ hosts: Object.fromEntries([1, 2, 3].map(host)), recorded: {}, etcdBorn: true }), [
    "hosts:",
    ...[1, 2, 3].map((n) => `  m${n}: { address: 10.0.0.${n}, roles: [ etcd, balancer, control-plane ] }`),
  ]);
  assert.deepEqual(outputLines({ recorded: {} }), []);
});

test("a refused login names user and key, and the state's login if something is removed, not lost hosts", () => {
  const failed = [command("delete", "worker-w1")];
  const built = ["ops@10.0.0.1:22 refuses the login of user ops with key SHA256:abc (ssh-ed25519)"];
  const pulumis = ["ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]: cannot reach"];
  for (const messages of [built, pulumis]) {
    for (const operation of ["up", "destroy"] as const) {
      const text = summaryLines(operation, "dev", { done: [], failed, messages }, false).join("\n");
      assert.match(text, /refused the login\. Compare cluster\.ssh\.user and the secret sshPrivateKey/);
      assert.match(text, operation === "up" ? /Put its entry back, run up with the new login/ : /run up, then destroy\./);
      assert.doesNotMatch(text, /lost: true/);
    }
  }
});

test("a preview says on which hosts up would change something", () => {
  assert.deepEqual(summaryLines("preview", "dev", { done: [command("create", "etcd-m1")], failed: [], messages: [] }, true), [
    "up would change:",
    "  etcd: m1",
  ]);
});
