import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import {
  addressNumber,
  addressText,
  bitsOf,
  canonical,
  contains,
  dnsAddress,
  dnsAddresses,
  hostPort,
  inside,
  lastByte,
  overlap,
  plainText,
  range,
} from "../../../config/addresses.ts";

const number = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
const cidr4 = fc.tuple(number, fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => `${addressText(address)}/${prefix}`);
const cidr6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([address, prefix]) => `${plainText(address)}/${prefix}`);
const cidr = fc.oneof(cidr4, cidr6);
/** Ranges near each other, so that many pairs touch. */
const near = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }))
  .map(([host, prefix]) => `10.0.0.${host}/${prefix}`);

test("an address is the same after the way to a number and back", () => {
  fc.assert(fc.property(number, (address) => addressNumber(addressText(address)) === address));
  assert.equal(addressNumber("255.255.255.255"), 2n ** 32n - 1n);
  assert.equal(addressText(addressNumber("192.168.1.10")), "192.168.1.10");
});

test("an IPv6 address has one form, and is the same after the way to a number and back", () => {
  fc.assert(fc.property(fc.ipV6(), (address) => addressText(addressNumber(address), 6) === plainText(address)));
  for (const [written, plain] of [
    ["FD00:0077:0::0010", "fd00:77::10"],
    ["fd00:0:0:1:0:0:0:1", "fd00:0:0:1::1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["2001:DB8::/32", "2001:db8::/32"],
    ["10.0.0.1/8", "10.0.0.1/8"],
  ] as const)
    assert.equal(plainText(written), plain);
  assert.equal(addressNumber("::1:0"), 65536n);
  assert.equal(lastByte("fd00::1ff"), 255);
});

test("the cluster's DNS has the 10th address of the Service network", () => {
  assert.equal(dnsAddress("10.96.0.0/16"), "10.96.0.10");
  assert.equal(dnsAddress("172.16.3.240/28"), "172.16.3.250");
  assert.equal(dnsAddress("192.168.255.0/24"), "192.168.255.10");
  assert.deepEqual(dnsAddresses("fd00:10:96::/112,10.96.0.0/16"), ["fd00:10:96::a", "10.96.0.10"]);
});

test("a range holds its own address, and its ends have its size between them", () => {
  fc.assert(
    fc.property(cidr, (text) => {
      const { family, first, last, prefix } = range(text);
      assert.ok(contains(range(text), text.split("/")[0] as string));
      assert.equal(last - first + 1n, 2n ** BigInt(bitsOf[family] - prefix));
      assert.equal(first % 2n ** BigInt(bitsOf[family] - prefix), 0n);
      assert.deepEqual({ ...range(canonical(text)), text }, range(text));
    }),
  );
});

test("two ranges overlap exactly where some address is in both", () => {
  fc.assert(
    fc.property(near, near, (a, b) => {
      const addresses = Array.from({ length: 64 }, (_, host) => `10.0.0.${host}`);
      const shared = addresses.some((address) => contains(range(a), address) && contains(range(b), address));
      assert.equal(overlap(range(a), range(b)), shared);
      assert.equal(overlap(range(b), range(a)), shared);
      const held = addresses.every((address) => !contains(range(a), address) || contains(range(b), address));
      assert.equal(inside(range(a), range(b)), held);
      // Ranges of CIDR form never overlap halfway.
      assert.equal(shared, inside(range(a), range(b)) || inside(range(b), range(a)));
    }),
  );
});

test("an IPv6 address has brackets in a URL, in TypeScript and in scripts", () => {
  const common = new URL("../../../hosts/lib/common.sh", import.meta.url).pathname;
  for (const [address, written] of [
    ["10.0.0.11", "10.0.0.11:6443"],
    ["fd00::11", "[fd00::11]:6443"],
    ["api.example.com", "api.example.com:6443"],
  ] as const) {
    assert.equal(hostPort(address, 6443), written);
    const script = execFileSync("bash", ["-c", `. ${common}; host_port ${address} 6443`], { encoding: "utf8" });
    assert.equal(script, `${written}\n`);
  }
});
