import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { claim, freeBlocks } from "../../../harness/subnets.ts";

const routes = `default via 192.0.2.1 dev eth0
10.79.130.0/24 dev hak-32e0624c31 proto kernel scope link src 10.79.130.1
local 10.79.130.1 dev hak-32e0624c31 table local proto kernel scope host src 10.79.130.1
10.79.144.0/20 via 192.0.2.9 dev eth0
unreachable 10.79.255.7 dev lo
10.0.0.0/24 dev eth1 scope link
`;
const name = (block: number) => `10.79.${block & 255}`;

test("a subnet is free when no route leads into it", () => {
  const free = freeBlocks(routes, 24).map(name);
  assert.equal(free[0], "10.79.128");
  assert.equal(free.length, 128 - 1 - 16 - 1);
  for (const used of ["10.79.130", "10.79.144", "10.79.159", "10.79.255"]) assert.ok(!free.includes(used), used);
});

test("a larger range is free when no route leads into any part of it", () => {
  assert.deepEqual(freeBlocks(routes, 20).map(name), ["10.79.160", "10.79.176", "10.79.192", "10.79.208", "10.79.224"]);
});

test("a route to a larger network takes every subnet in it", () => {
  assert.deepEqual(freeBlocks("10.0.0.0/8 via 192.0.2.9 dev eth0\n", 24), []);
  assert.equal(freeBlocks("10.79.128.0/18 via 192.0.2.9 dev eth0\n", 24).length, 64);
});

test("ranges of any size never overlap a route", () => {
  const route = fc.tuple(fc.integer({ min: 128, max: 255 }), fc.integer({ min: 17, max: 32 }));
  fc.assert(
    fc.property(fc.array(route, { maxLength: 6 }), fc.integer({ min: 17, max: 24 }), (used, prefix) => {
      const text = used.map(([third, length]) => `10.79.${third}.0/${length} dev x\n`).join("");
      for (const block of freeBlocks(text, prefix)) {
        const [start, end] = [block & 255, (block & 255) + 2 ** (24 - prefix)];
        for (const [third, length] of used) {
          const size = 2 ** Math.max(0, 24 - length);
          const first = third - (third % size);
          assert.ok(first + size <= start || first >= end);
        }
      }
    }),
  );
});

test("a name is claimed by one process at a time, and is free again when it ends", async () => {
  const own = `test-${process.pid}`;
  const free = await claim(own);
  assert.ok(free);
  assert.equal(await claim(own), undefined);
  free();
  const module = new URL("../../../harness/subnets.ts", import.meta.url).href;
  const other = `const { claim } = await import("${module}"); console.log(typeof (await claim("${own}")));`;
  const run = () => spawnSync(process.execPath, ["--input-type=module", "-e", other], { encoding: "utf8" }).stdout.trim();
  assert.equal(run(), "function");
  // The process has ended without a word to anyone.
  assert.ok(await claim(own));
  assert.equal(run(), "undefined");
});
