import assert from "node:assert/strict";
import { test } from "node:test";
import { namesApi } from "../../../hosts/cluster.ts";

test("a host names the API unless name servers do, or it is not a node and nodes alone have a balancer", () => {
  assert.equal(namesApi({}, ["etcd"]), true);
  assert.equal(namesApi({ kind: "given", inDns: true }, ["worker"]), false);
  assert.equal(namesApi({ kind: "node-local" }, ["etcd"]), false);
  assert.equal(namesApi({ kind: "node-local" }, ["worker"]), true);
  assert.equal(namesApi({ kind: "node-local" }, ["etcd", "control-plane"]), true);
});
