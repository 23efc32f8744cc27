import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { withScripts } from "../../bash.ts";

const folder = new URL("../../../../../hosts/stages/balancer/", import.meta.url).pathname;
const library = new URL("../../../../../hosts/lib/address.sh", import.meta.url).pathname;
/** A host with two addresses of the API, of which it holds one; `counts` are its clients' connections, one after another. */
const host = (
  counts: string,
) => `. <(sed 's,CONFIG=/etc,CONFIG=$HAK_ROOT/etc,' ${library}); . ${folder}lib-balancer.sh; . ${folder}vrrp/lib-vrrp.sh
is_saved() { [ "$1" = service-keepalived ]; }
routed_is_here() { false; }
API_PORT=8443 PEERS=10.77.0.12 COUNTS=(${counts}); mkdir -p $CONFIG
printf '    %s/32\\n' 10.77.0.100 10.77.0.101 >$CONFIG/keepalived.conf
ip() { case $* in *"show to 10.77.0.100") echo "2: eth0 inet 10.77.0.100/32" ;; esac; }
nft() { if [ "$1" = -f ]; then grep -E 'elements|daddr' | tr -s ' '; else echo "nft $*"; fi; }
pause() { :; }
client_connections() { echo "\${COUNTS[0]}"; }
systemctl() { echo "systemctl $*"; }
requests_end() { local rounds=0; while [ "\${#COUNTS[@]}" -gt 1 ] && [ $rounds -lt 6 ]; do COUNTS=("\${COUNTS[@]:1}"); rounds=$((rounds + 1)); done; echo "waited $rounds"; }
`;
const lines = async (text: string) => (await withScripts([], text)).split("\n").map((line) => line.trim());

test("a balancer holds new connections to the address that it has, waits, stops keepalived, and lets them in again", async () => {
  assert.deepEqual(await lines(`${host("9 4 4")}\nFORMER_PORT=6443 give_up_address`), [
    "set ports { type inet_service; timeout 2s; elements = { 8443, 6443 }; }",
    "ip daddr 10.77.0.100 tcp dport @ports tcp flags & (fin | syn | rst | ack) == syn drop",
    "waited 2",
    "systemctl stop keepalived",
    "nft delete table inet ha_kubernetes_move",
  ]);
});

test("with dual stack it holds new connections to both of its addresses", async () => {
  const both = `printf '    %s\\n' 10.77.0.100/32 fd00:77::64/128 fd00:77::65 >$CONFIG/keepalived.conf
    ip() { case $* in *"show to 10.77.0.100" | *"show to fd00:77::64") echo held ;; esac; }`;
  assert.deepEqual((await lines(`${host("4 4")}\n${both}\ngive_up_address`)).slice(1, 3), [
    "ip daddr 10.77.0.100 tcp dport @ports tcp flags & (fin | syn | rst | ack) == syn drop",
    "ip6 daddr fd00:77::64 tcp dport @ports tcp flags & (fin | syn | rst | ack) == syn drop",
  ]);
});

test("nothing is held where no other balancer could take the address, or another one has it", async () => {
  const stopped = ["systemctl stop keepalived", "nft delete table inet ha_kubernetes_move"];
  assert.deepEqual(await lines(`${host("9")}\nPEERS="" give_up_address`), stopped);
  assert.deepEqual(await lines(`${host("9")}\nip() { :; }; give_up_address`), stopped);
});

test("it waits until no connection has ended for a while, and no longer than six times", async () => {
  const wait = (counts: string) => `. ${library}
    at=0 COUNTS=(${counts}); API_PORT=8443
    pause() { at=$((at + 1)); }
    ss() { local n=\${COUNTS[$at]}; while [ "$n" -gt 0 ]; do echo connection; n=$((n - 1)); done; }
    requests_end; echo "$at"`;
  for (const [counts, rounds] of [
    ["5 5 5 5", "2"],
    ["9 6 6 5 5 5 5", "5"],
    ["9 8 7 6 5 4 3 2", "6"],
    ["3 4 5 6", "2"],
  ] as const) {
    assert.deepEqual(await lines(wait(counts)), [rounds], counts);
  }
});

test("an interface of its own is followed apart from VRRP's only where it is another", async () => {
  const hostFile = (own: string) =>
    must("bash", [
      "-euc",
      `UNITS=/ CONFIG=/; . ${new URL("../../../../../hosts/stages/balancer/vrrp/lib-vrrp.sh", import.meta.url).pathname}; FOUND_INTERFACE=eth0 INTERFACE=${own}; host_file`,
    ]);
  assert.equal(await hostFile(""), "$INTERFACE=eth0\n");
  assert.equal(await hostFile("front0"), "$INTERFACE=eth0\n$VIRTUAL_INTERFACE=front0\n$TRACKED_INTERFACE=front0\n");
  assert.equal(await hostFile("eth0"), "$INTERFACE=eth0\n$VIRTUAL_INTERFACE=eth0\n$TRACKED_INTERFACE=\n");
});
