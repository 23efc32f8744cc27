import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { test } from "node:test";
import { isGone, locksIn, withBegunCommands, withoutBegunCommands, withoutFinishedCreates } from "../../../engine/interrupted.ts";

const refusalOf = (host: string, pid: number) =>
  `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///srv/state/.pulumi/locks/organization/p/s/0b8e.json: created by root@${host} (pid ${pid}) at 2026-11-28T05:00:00Z\n`;

test("the lock of a run is read from the CLI's refusal, and from nothing else", () => {
  assert.deepEqual(locksIn(refusalOf("box-1.example", 4711)), [{ host: "box-1.example", pid: 4711 }]);
  assert.deepEqual(locksIn("error: created by root@h (pid 1)"), []);
});

test("a lock's process is gone if it ended on this machine; on another machine that is unknown", () => {
  const { pid } = spawnSync("true");
  assert.equal(isGone({ host: hostname(), pid }), true);
  assert.equal(isGone({ host: "elsewhere", pid }), false);
  // This process lives, but it is not a CLI: the process id was reused.
  assert.equal(isGone({ host: hostname(), pid: process.pid }), !process.argv.join().includes("pulumi"));
});

test("pending creates that a later run completed are cleared; those in a cloud and unfinished ones stay", () => {
  const pending = (urn: string, type: string, what = "creating") => ({ type: what, resource: { urn, type } });
  const state = {
    version: 3,
    deployment: {
      manifest: {},
      resources: [{ urn: "a" }, { urn: "i" }],
      pending_operations: [
        pending("a", "command:remote:Command"),
        pending("b", "command:remote:Command"),
        pending("i", "aws:ec2/instance:Instance"),
      ],
    },
  };
  const left = withoutFinishedCreates(state);
  assert.deepEqual(
    left?.deployment?.pending_operations?.map(({ resource }) => resource.urn),
    ["b", "i"],
  );
  assert.equal((left as typeof state).version, 3);
  assert.equal(withoutFinishedCreates({ deployment: { resources: [], pending_operations: [] } }), undefined);
});

test("before a destroy, commands that a killed run had begun count as made; an unused file is removed, a cloud's creates stay, the rest is dropped", () => {
  const inputs = { create: "# etcd on m1", delete: "undo", stdin: { "4dabf18193072939515e22adb298388d": "secret" } };
  const pending = (urn: string, type: string, its: Record<string, unknown> = inputs) => ({
    type: "creating",
    resource: { urn, type, inputs: its },
  });
  const brought = { urn: "p::command:remote:CopyToRemote::scripts-m2", type: "command:remote:CopyToRemote" };
  const state = {
    deployment: {
      resources: [brought, { urn: "a", dependencies: [brought.urn] }],
      pending_operations: [
        pending("a", "command:remote:Command"),
        pending("b", "command:remote:Command"),
        pending("p::command:remote:CopyToRemote::scripts-m1", "command:remote:CopyToRemote", {
          connection: { host: "m1" },
          remotePath: ".scripts",
        }),
        pending("k", "tls:index/privateKey:PrivateKey"),
        pending("i", "aws:ec2/instance:Instance"),
      ],
    },
  };
  const { deployment } = withBegunCommands(state) ?? {};
  assert.deepEqual(deployment?.resources?.[2], {
    ...{ urn: "b", type: "command:remote:Command", inputs, id: "begun" },
    outputs: { ...inputs, stdout: "", stderr: "" },
  });
  assert.equal(deployment?.resources?.length, 4);
  // No command uses the file on m1; the file on m2 is removed with the stage that used it.
  const { urn, inputs: removal } = deployment?.resources?.[3] ?? {};
  assert.equal(urn, "p::command:remote:Command::unused-scripts-m1");
  assert.deepEqual(removal, { connection: { host: "m1" }, create: "true", delete: "rm -f -- '.scripts'" });
  assert.deepEqual(
    deployment?.pending_operations?.map(({ resource }) => resource.urn),
    ["i"],
  );
  assert.equal(withBegunCommands({ deployment: { resources: [] } }), undefined);

  // A destroy that fails leaves them as it found them, or the next `up` would take them for made. What it has deleted is gone.
  const again = withoutBegunCommands({ deployment })?.deployment;
  assert.deepEqual(again?.resources, state.deployment.resources);
  assert.deepEqual(
    again?.pending_operations?.map(({ type, resource }) => [type, resource]),
    [
      ["creating", state.deployment.pending_operations[4]?.resource],
      ["creating", state.deployment.pending_operations[1]?.resource],
    ],
  );
  assert.equal(withoutBegunCommands({ deployment: state.deployment }), undefined);
});
