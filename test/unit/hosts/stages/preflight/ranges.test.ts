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
    ip() { case "$*" in *address*) printf '%s' "$ADDRESSES" ;; *) printf '%s' "$ROUTES" ;; esac; }
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
