import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";

const stage = new URL("../../../../../hosts/stages/preflight/", import.meta.url).pathname;

/** What preflight says of these tables, as `nft list` prints them, on a host of roles etcd, balancer and control-plane. */
async function said(tables: Record<string, string>, settings = ""): Promise<string[]> {
  const script = `
    set -euo pipefail
    shopt -s lastpipe
    HOST_ADDRESS=10.77.0.11 NODE_CIDRS='10.77.0.0/24 10.78.0.0/24' POD_CIDR=10.244.0.0/16
    PORTS='2379:etcd 6443:kube-apiserver' POD_LINK=vxlan NAME_SERVERS=""
    ${settings}
    is_node() { true; }
    has_role() { true; }
    uses_vrrp() { true; }
    first_run() { [ "\${LIVES:-}" = "" ]; }
    warning() { echo "warning $1: \${*:2}"; }
    remark() { echo "note: $*"; }
    problem() { echo "problem: $*"; }
    nft() { case "$*" in "list tables") printf 'table %s\\n' "\${!TABLES[@]}" ;; *) printf '%s\\n' "\${TABLES[$3 $4]}" ;; esac; }
    . ${stage}lib-ranges.sh; . ${stage}lib-rules.sh; . ${stage}lib-filters.sh
    declare -A TABLES=(${Object.entries(tables)
      .map(([name, text]) => `['${name}']='${text}'`)
      .join(" ")})
    check_filters`;
  return (await must("bash", ["-c", script])).split("\n").filter(Boolean);
}

/** A table of one chain. */
const chain = (hook: string, policy: string, ...rules: string[]) =>
  `table inet hard {\n\tchain ${hook} {\n\t\ttype filter hook ${hook} priority filter; policy ${policy};\n${rules.map((rule) => `\t\t${rule}`).join("\n")}\n\t}\n}`;
const basics = [
  'iif "lo" accept',
  "ct state established,related accept",
  "ct state invalid drop",
  "meta l4proto { icmp, ipv6-icmp } accept",
];
/** The rule that is reported to be in the way, or `unclear`, or nothing. */
async function verdict(hook: string, policy: string, ...rules: string[]): Promise<string> {
  const lines = await said({ "inet hard": chain(hook, policy, ...rules) });
  return lines
    .map((line) => /(?:^problem: .* needs: (.*?)\. Accept|\), (.*): its rules)/.exec(line))
    .map((found) => found?.[1] ?? (found?.[2] === undefined ? "?" : `unclear: ${found[2]}`))
    .join("; ");
}
const all = "tcp 2379, tcp 6443, udp 8472, vrrp -";

test("a chain that drops what nobody accepted before is named with what it drops and what to do", async () => {
  const lines = await said({ "inet hard": chain("input", "drop", ...basics, "tcp dport 22 accept") });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? "",
    /^problem: .*chain inet hard input drops what the cluster needs: tcp 2379, .*Accept that there from nodeCidrs \(10\.77\.0\.0\/24 10\.78\.0\.0\/24\) and podCidr/,
  );
});

const rows: [what: string, rules: string[], dropped: string, policy?: string, hook?: string][] = [
  ["only the basics", basics, all],
  ["an open policy", basics, "", "accept"],
  ["a reject for all at the end", [...basics, "tcp dport 22 accept", "reject with icmpx admin-prohibited"], all, "accept"],
  ["as iptables-nft shows it", ['counter packets 5 bytes 300 xt target "REJECT"'], all, "accept"],
  ["everything from the nodes", [...basics, "ip saddr { 10.77.0.0/24, 10.78.0.0/24 } accept"], ""],
  ["everything from a range that holds them", [...basics, "ip saddr 10.0.0.0/8 counter packets 0 bytes 0 accept"], ""],
  ["from some of the nodes", [...basics, "ip saddr 10.77.0.0/24 accept"], ""],
  ["from somewhere else", [...basics, "ip saddr 192.168.0.0/16 accept"], all],
  ["some ports", [...basics, "tcp dport { 22, 2379-2380, 6443 } accept", "udp dport 8472 accept"], "vrrp -"],
  ["VRRP by its number", [...basics, "tcp dport 1-65535 accept", "udp dport 1-65535 accept", "ip protocol 112 accept"], ""],
  ["all but SSH is closed to the world, not to nodes", ["ip saddr != { 10.77.0.0/24, 10.78.0.0/24 } drop"], "", "accept"],
  ["one port is closed", ["tcp dport 6443 drop"], "tcp 6443", "accept"],
  ["a flood is stopped", ["tcp flags syn / fin,syn,rst,ack limit rate over 10/second drop"], "", "accept"],
  ["another table's set", [...basics, "ip saddr @friends accept"], ""],
  ["a chain of its own", [...basics, "jump allowed"], `unclear: ${all}`],
  ["a map of verdicts", ["ct state vmap { established : accept, invalid : drop }", "tcp dport 22 accept"], `unclear: ${all}`],
  ["a map of interfaces", ["iifname vmap { lo : accept, eth0 : jump allowed }"], `unclear: ${all}`],
  ["kubelet's chain", ["counter packets 9 bytes 9 jump KUBE-FIREWALL"], "", "accept"],
  ["words in a comment", [...basics, 'tcp dport 22 accept comment "accept jump drop"'], all],
  ["forwarding closed", basics, "traffic of pods", "drop", "forward"],
  ["forwarding closed but for pods", [...basics, "ip saddr 10.244.0.0/16 accept"], "", "drop", "forward"],
  ["forwarding with flannel's chain", ["jump FLANNEL-FWD"], "", "drop", "forward"],
  ["what leaves", ['oif "lo" accept', "ct state established,related accept", "tcp dport 443 accept"], all, "drop", "output"],
  ["only to nodes", ["ip daddr 10.76.0.0/14 accept"], "", "drop", "output"],
];
for (const [what, rules, dropped, policy = "drop", hook = "input"] of rows)
  test(`packet filter, ${hook}, policy ${policy}: ${what}`, async () => {
    assert.equal(await verdict(hook, policy, ...rules), dropped);
  });

test("tables of this cluster, of address translation and of a family without nodes are not looked at; a host that lives is told and not refused", async () => {
  const closed = chain("input", "drop");
  assert.deepEqual(
    await said({
      "inet ha_kubernetes": closed,
      "ip kube-proxy": closed,
      "ip nat": closed,
      "ip6 filter": closed.replace("inet hard", "ip6 filter"),
    }),
    [],
  );
  const [line = ""] = await said({ "inet hard": closed }, "LIVES=yes");
  assert.match(line, /^note: .*seems to drop what the cluster needs/);
});

test("hosts of IPv6 are led through chains of their family alone", async () => {
  const settings = "HOST_ADDRESS=fd00:77::11 NODE_CIDRS=fd00:77::/64 POD_CIDR=fd00:10:244::/56";
  const closed = chain("input", "drop", ...basics);
  assert.deepEqual(await said({ "ip filter": closed.replace("inet hard", "ip filter") }, settings), []);
  const [line = "", ...more] = await said({ "ip6 filter": closed.replace("inet hard", "ip6 filter") }, settings);
  assert.match(line, /^problem: .*chain ip6 filter input drops what the cluster needs: tcp 2379, tcp 6443, udp 8472, vrrp -/);
  assert.deepEqual(more, []);
  const open = chain("input", "drop", ...basics, "ip saddr 10.0.0.0/8 accept", "ip6 saddr fd00:77::/60 accept");
  assert.deepEqual(await said({ "inet hard": open }, settings), []);
});

test("with both families each is led through", async () => {
  const settings = "SECOND_ADDRESS=fd00:77::11 NODE_CIDRS+=' fd00:77::/64' POD_CIDR+=' fd00:10:244::/56'";
  const half = chain("input", "drop", ...basics, "ip saddr { 10.77.0.0/24, 10.78.0.0/24 } accept");
  const lines = await said({ "inet hard": half }, settings);
  assert.match(lines.join(), /^problem: .*: tcp 2379, tcp 6443, udp 8472, vrrp -\. Accept/);
  assert.deepEqual(
    await said({ "inet hard": half.replace("} accept", "} accept\n\t\tip6 saddr fd00:77::/64 accept") }, settings),
    [],
  );
});
