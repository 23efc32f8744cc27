import assert from "node:assert/strict";
import { test } from "node:test";
import { Display } from "../../../engine/display.ts";
import { unknown } from "../../../engine/providers/provider.ts";
import { Redactor } from "../../../engine/redact.ts";
import { Secret } from "../../../engine/values.ts";

const urn = (name: string, type = "command:remote:Command") => `urn:pulumi:dev::p::${type}::${name}`;

function shown(preview: boolean, work: (display: Display) => void): string[] {
  const lines: string[] = [];
  const display = new Display((line) => lines.push(line), preview, new Redactor());
  work(display);
  return lines.map((line) => line.replace(/\(\d+\.\d s\)/, "(T)"));
}

test("a preview shows what changes: texts line by line, secrets hidden, unknowns as such", () => {
  const lines = shown(true, (display) => {
    display.done({
      operation: "update",
      urn: urn("etcd-m1"),
      custom: true,
      before: {
        create: "# etcd 3.6.14\n# /etc/a 1234\nrun",
        stdin: new Secret("old secret bundle"),
        same: 1,
        gone: "x",
        connection: { port: 22 },
      },
      after: {
        create: "# etcd 3.6.15\n# /etc/a 1234\nrun",
        stdin: new Secret("new secret bundle"),
        same: 1,
        added: [1],
        connection: { port: unknown },
      },
    });
    display.done({
      operation: "create",
      urn: urn("key", "tls:index/privateKey:PrivateKey"),
      custom: true,
      after: { algorithm: "RSA" },
    });
    display.done({ operation: "same", urn: urn("other"), custom: true });
    display.done({ operation: "replace", urn: urn("r"), custom: true, before: {}, after: {}, because: ["triggers"] });
    display.done({ operation: "delete replaced", urn: urn("r"), custom: true, before: {} });
    display.done({ operation: "delete", urn: urn("d"), custom: true, before: {}, note: "goes with m1" });
    display.summary();
  });
  assert.deepEqual(lines, [
    "~ etcd-m1 update",
    "    create:",
    "      - # etcd 3.6.14",
    "      + # etcd 3.6.15",
    "    stdin: [secret] → [secret] (changed)",
    '    gone: - "x"',
    "    connection.port: 22 → (known after up)",
    "    added: + [1]",
    "+ key (PrivateKey) create",
    "± r replace because of triggers",
    "- r delete the replaced one",
    "- d delete (goes with m1)",
    "1 to update, 1 to create, 1 unchanged, 1 to replace, 1 to delete (T)",
  ]);
});

test("a run shows a line when a step starts and when it is done, what it prints between, and errors at the end", () => {
  const lines = shown(false, (display) => {
    const step = {
      operation: "create",
      urn: urn("a"),
      custom: true,
      after: { password: new Secret("a-long-password") },
    } as const;
    display.started(step);
    display.log("working with a-long-password\nsecond line", "info", urn("a"));
    display.log("careful", "warning");
    display.done(step);
    const bad = { ...step, urn: urn("b") };
    display.started(bad);
    display.failed(bad, "exit code 1:\na-long-password is wrong");
    display.summary(true);
  });
  assert.deepEqual(lines, [
    "+ a creating",
    "    a: working with [secret]",
    "    a: second line",
    "    warning: careful",
    "+ a created (T)",
    "+ b creating",
    "! b failed while creating (T)",
    "error: b: exit code 1:\n       [secret] is wrong",
    "1 created, failed, interrupted (T)",
  ]);
});

test("a very long value and a very long line are cut in a preview", () => {
  const lines = shown(true, (display) =>
    display.done({
      operation: "update",
      urn: urn("a"),
      custom: true,
      before: { x: "a".repeat(500) },
      after: { x: "b".repeat(500) },
    }),
  );
  assert.ok(
    lines.every((line) => line.length < 450),
    lines.join("\n"),
  );
  assert.match(lines.join(), /502 characters/);
});
