import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutKeyless } from "../../../../check/preflight/keyless.ts";
import { checkStack } from "../../../../config/load.ts";
import { known, metal } from "../../../harness/samples.ts";

const configOf = (cluster: object) => ({
  values: { "ha-kubernetes:cluster": JSON.stringify(cluster), "ha-kubernetes:sshPrivateKey": "x" },
  secretKeys: ["ha-kubernetes:sshPrivateKey"],
  runner: { userId: 0, hasAgent: true, servesOwnProviders: true },
});
const keyless = (cluster: object) => {
  const config = configOf(cluster);
  const checked = checkStack(config, known);
  return { config, found: checked.ok ? undefined : withoutKeyless(config, checked.problems.filter(isOfHosts)) };
};
const isOfHosts = ({ key }: { key: string }) => key.startsWith("cluster.");

test("a host without its hostKey is named with the cure, and the config of the others can be used", () => {
  const cluster = metal();
  delete cluster.hosts.m2.hostKey;
  const { found } = keyless(cluster);
  assert.deepEqual([...(found?.missing.keys() ?? [])], ["m2"]);
  assert.match(found?.missing.get("m2") ?? "", /^cluster\.hosts\.m2\.hostKey is missing; .*npm run hosts:scan/);
  const again = checkStack(found?.config ?? configOf({}), known);
  assert.deepEqual(again.ok ? [] : again.problems.filter(isOfHosts), []);
});

test("a config with another problem can't be used, whatever keys are missing", () => {
  const cluster = metal();
  delete cluster.hosts.m2.hostKey;
  cluster.nodeCidrs = ["192.0.2.0/24"];
  assert.equal(keyless(cluster).found, undefined);
});
