import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";

const stage = new URL("../../../../../hosts/stages/preflight/", import.meta.url).pathname;

/** What preflight says of a host with these name servers, addresses and routes. */
async function said(servers: string, addresses: string, routes: string): Promise<string[]> {
  const script = `
    set -euo pipefail
    POD_CIDR=10.244.0.0/16 SERVICE_CIDR=10.96.0.0/12 NAME_SERVERS=""
    warning() { echo "warning $1: \${*:2}"; }
    problem() { echo "problem: $*"; }
    host_name_servers() { printf '%s\\n' ${servers}; }
    ip() { case "$*" in "-6 "*) ;; *address*) printf '%s' "$ADDRESSES" ;; *) printf '%s' "$ROUTES" ;; esac; }
    . ${stage}lib-ranges.sh
    check_ranges`;
  return (await must("bash", ["-c", script], { env: { ADDRESSES: addresses, ROUTES: routes } })).split("\n").filter(Boolean);
}
const eth0 = "2: eth0    inet 10.77.0.11/24 brd 10.77.0.255 scope global eth0\\       valid_lft forever preferred_lft forever\n";
const plain = "default via 10.77.0.1 dev eth0\n10.77.0.0/24 dev eth0 proto kernel scope link src 10.77.0.11\n";

test("a host whose network has nothing to do with the cluster's ranges is well", async () => {
  assert.deepEqual(await said("10.77.0.1 9.9.9.9 fe80::1", eth0, plain), []);
});

test("name servers, addresses and routes inside the ranges of pods and Services are refused, each with its key", async () => {
  const lines = await said(
    "10.111.255.255 10.112.0.0",
    `${eth0}3: br0    inet 10.244.7.1/24 scope global br0\n`,
    `${plain}10.244.128.0/17 via 10.77.0.2 dev eth0\nblackhole 10.96.0.9\n`,
  );
  assert.deepEqual(
    lines.map((line) => line.replace(/:? (?:where the|take|and would).*/, "")),
    [
      "problem: its own address 10.244.7.1/24 (br0) lies in network.podCidr 10.244.0.0/16",
      "problem: its route to 10.244.128.0/17 (via 10.77.0.2 dev eth0) lies in network.podCidr 10.244.0.0/16",
      "problem: the name server 10.111.255.255 lies in network.serviceCidr 10.96.0.0/12,",
      "problem: its route to 10.96.0.9 (blackhole) lies in network.serviceCidr 10.96.0.0/12",
    ],
  );
});

test("a route that covers a range is only a warning: the longer prefix wins", async () => {
  const lines = await said("10.77.0.1", eth0, `${plain}10.0.0.0/8 via 10.77.0.2 dev eth0 metric 5\n`);
  assert.equal(lines.length, 2);
  for (const line of lines)
    assert.match(
      line,
      /^warning covered-range: its route to 10\.0\.0\.0\/8 \(via 10\.77\.0\.2 dev eth0 metric 5\) covers network\.\w+ /,
    );
});

test("ranges of IPv6 are compared as those of IPv4, and the two never with each other", async () => {
  const relation = (range: string, other: string) =>
    must("bash", ["-c", `. ${stage}lib-ranges.sh; relation "$@"; echo $RELATION`, "-", range, other]);
  for (const [range, other, is] of [
    ["fd00:10:244:3::/64", "fd00:10:244::/56", "within"],
    ["fd00:10:244::/56", "fd00:10:244:3::/64", "covers"],
    ["fd00:10:245::1", "fd00:10:244::/56", "apart"],
    ["fd00::a:0:0:7", "fd00:0:0:0:a::/79", "within"],
    ["fd00:0:0:0:c::", "fd00:0:0:0:a::/78", "apart"],
    ["::/0", "fd00::/8", "covers"],
    ["fe80::1%eth0", "fe80::/10", "within"],
    ["10.77.0.1", "fd00::/8", "apart"],
    ["10.77.5.1", "10.77.4.0/23", "within"],
    ["10.77.6.0/23", "10.77.4.0/23", "apart"],
    ["0.0.0.0/0", "10.77.4.0/23", "covers"],
  ] as const)
    assert.equal((await relation(range, other)).trim(), is, `${range} ${other}`);
});
