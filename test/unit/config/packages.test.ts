import assert from "node:assert/strict";
import { test } from "node:test";
import { allPackages, commandsOf, packagesOf } from "../../../config/packages.ts";
import { clusterFrom, metal } from "../../harness/samples.ts";

test("a host of etcd can format a device of its own, with packages of a bundle too", () => {
  const config = metal();
  assert.ok(!packagesOf(["etcd"], clusterFrom(config)).includes("e2fsprogs"));
  config.hosts.m1.dataDevice = "/dev/disk/by-id/virtio-data1";
  const cluster = clusterFrom(config);
  assert.ok(packagesOf(["etcd"], cluster).includes("e2fsprogs"));
  assert.ok(commandsOf(["etcd"], cluster).includes("mkfs.ext4"));
  assert.ok(allPackages.includes("e2fsprogs"));
  assert.ok(!packagesOf(["worker"], cluster).includes("e2fsprogs"));
});
