import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;

/** The head of a write-ahead log that etcd 3.6.14 wrote, and what `endpoint status` said of its member. */
const log =
  "0400000000000084080410000000000020000000000000000801 10a2f3aee00d1a1608e386a98f84ebc2f4ef0110fbcdcba3a0f1b5f58f01" +
  "0d000000000000830805 10a9ffd85d1a040800100000000000".padEnd(120, "0");
const own = { member: "17287361118329258851", cluster: "10370338079754086139" };

/** What a script says that has read hosts/stages/etcd/lib-place.sh on a host whose data begins with `head`. */
function place(script: string, head = log): Promise<string> {
  const directory = scratch();
  mkdirSync(join(directory, "member/wal"), { recursive: true });
  writeFileSync(join(directory, "member/wal/0000000000000000-0000000000000000.wal"), Buffer.from(head.replace(/ /g, ""), "hex"));
  writeFileSync(join(directory, "known"), "https://10.0.0.11:2379,https://10.0.0.12:2379,https://10.0.0.13:2379\n");
  return must("bash", [
    "-c",
    `set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1 HOME_DIR=${directory} DATA_DIRECTORY=${directory} KNOWN_MEMBERS=${directory}/known PEER_URL=https://10.0.0.11:2380
    LOCAL=https://127.0.0.1:2379
    . <(sed 's/^readonly HOME_DIR=.*//' ${hosts}lib/common.sh)
    . ${hosts}stages/etcd/lib-place.sh
    etcd_access() { :; }
    ${script}`,
  ]);
}

test("the data says which member of which cluster it is", async () => {
  assert.equal(await place("ids_in_data $DATA_DIRECTORY"), `${own.member} ${own.cluster}\n`);
  assert.equal(await place("ids_in_data $DATA_DIRECTORY || echo unreadable", "00".repeat(96)), "unreadable\n");
  assert.equal(await place("ids_in_data $DATA_DIRECTORY || echo unreadable", log.slice(0, 40)), "unreadable\n");
});

const answer = (cluster: string, members: [id: string, learner: boolean][]) =>
  `"ClusterID" : ${cluster}\n"MemberID" : 5\n"RaftTerm" : 2\n${members
    .map(([id, learner]) => `"ID" : ${id}\n"Name" : "x"\n"PeerURL" : "y"\n"ClientURL" : "z"\n"IsLearner" : ${learner}\n`)
    .join("\n")}`;
// What the others answer, and what this host's data then is to them.
const places: [place: string, answer: string, head?: string][] = [
  [
    "voter",
    answer(own.cluster, [
      ["5", true],
      [own.member, false],
    ]),
  ],
  [
    "learner",
    answer(own.cluster, [
      ["5", false],
      [own.member, true],
    ]),
  ],
  [
    "removed",
    answer(own.cluster, [
      ["5", false],
      ["6", false],
    ]),
  ],
  ["foreign", answer("7", [[own.member, false]])],
  ["unreadable", answer(own.cluster, [[own.member, false]]), "00".repeat(96)],
];
for (const [expected, said, head] of places) {
  test(`${expected}: as the others say, who are asked one after another, and never this host itself`, async () => {
    const script = `
      etcd_do() {
        case $ETCDCTL_ENDPOINTS in
          *10.0.0.11*) echo "asked itself" >&2; exit 1 ;;
          *10.0.0.12*) return 1 ;;
          *) cat <<'END'
${said}
END
        esac
      }
      look_at_place; echo $PLACE`;
    assert.equal(await place(script, head), `${expected}\n`);
  });
}

test("where none of the others has a quorum nothing is known, and nothing is thrown away", async () => {
  assert.equal(
    await place("etcd_do() { return 1; }; look_at_place; echo $PLACE; removed_or_foreign || echo stays"),
    "unknown\nstays\n",
  );
});

test("data of another cluster is refused with the cure", async () => {
  const script = `etcd_do() { echo '"ClusterID" : 7'; }; (removed_or_foreign) 2>&1 || true`;
  assert.match(await place(script), /belongs to another etcd cluster than .*Raise hosts\.m1\.incarnation/);
});

// Lines of etcd 3.6.14 and 3.7.3 with data that was broken on purpose; the last ones are of disks, not of data.
const logs: [line: string, damage: string][] = [
  [
    '{"level":"fatal","msg":"discovery failed","error":"walpb: crc mismatch: expected: cb8eea50 computed: 323a0496","stacktrace":"x"}',
    "walpb: crc mismatch: expected: cb8eea50 computed: 323a0496",
  ],
  ["panic: cannot use none as id", "panic: cannot use none as id"],
  [
    "panic: assertion failed: Page expected to be: 250, but self identifies as 12721284173942744896",
    "panic: assertion failed: Page expected to be: 250, but self identifies as 12721284173942744896",
  ],
  ["unexpected fault address 0x7f000aefa000", "unexpected fault address 0x7f000aefa000"],
  [
    '{"level":"fatal","msg":"discovery failed","error":"member ceb90b71d5510347 has already been bootstrapped"}',
    "member ceb90b71d5510347 has already been bootstrapped",
  ],
  [
    "panic: tocommit(35) is out of range [lastIndex(31)]. Was the raft log corrupted, truncated, or lost?",
    "panic: tocommit(35) is out of range [lastIndex(31)]. Was the raft log corrupted, truncated, or lost?",
  ],
  [
    '{"level":"fatal","msg":"discovery failed","error":"proto: wrong wireType = 0 for field Data","stacktrace":"x"}',
    "proto: wrong wireType = 0 for field Data",
  ],
  [
    // 3.7 puts a blank there that does not break.
    '{"level":"fatal","msg":"discovery failed","error":"proto:\u00a0cannot parse invalid wire-format data"}',
    "proto:\u00a0cannot parse invalid wire-format data",
  ],
  ...["wal: file not found", "unexpected EOF", "wal: slice bounds out of range"].map((error): [string, string] => [
    `{"level":"fatal","msg":"discovery failed","error":"${error}"}`,
    error,
  ]),
  ['{"level":"panic","msg":"failed to open WAL","error":"write: no space left on device"}', ""],
  ['{"level":"fatal","msg":"listen failed","error":"listen tcp 10.0.0.11:2380: bind: cannot assign requested address"}', ""],
];
for (const [line, damage] of logs) {
  test(`${damage === "" ? "no damage" : "damage"}: ${line.slice(0, 90)}`, async () => {
    const script = `systemctl() { return 3; }; journalctl() { cat <<'END'
${line}
END
      }; etcd_damage`;
    assert.equal((await place(script)).trim(), damage);
  });
}

test("a member whose data is well stays as it is, whatever keeps it from serving", async () => {
  const script = `
    systemctl() { case $1 in is-active) return 3 ;; show) echo failed; echo failed ;; *) echo "systemctl $*" >&2 ;; esac; }
    journalctl() { echo '{"level":"fatal","error":"bind: cannot assign requested address"}'; }
    etcd_do() { return 1; }
    other_members_healthy() { :; }
    (etcd_rejoin) 2>&1 || true
    ls $DATA_DIRECTORY`;
  const said = await place(script);
  assert.match(said, /not because of its data: .*cannot assign requested address.*raise hosts\.m1\.incarnation/);
  assert.match(said, /^member$/m);
});

test("a voter that answers is well, and where members can be asked is kept", async () => {
  const script = `
    . <(sed 's/^readonly KNOWN_MEMBERS=[^ ]*/readonly/; s|/run/ha-kubernetes|'$HOME_DIR'|g' ${hosts}lib/etcd.sh)
    . ${hosts}lib/files.sh
    etcd_do() {
      case "$*" in
        "member list -w fields") cat <<'END'
${answer(own.cluster, [
  ["5", false],
  [own.member, false],
])}
END
          ;;
        "member list") echo "5, started, m2, https://10.0.0.12:2380, https://10.0.0.12:2379, false" ;;
        get*) ;;
        *) return 1 ;;
      esac
    }
    prove_membership; echo $PLACE; cat $KNOWN_MEMBERS`;
  assert.equal(await place(script), "voter\nhttps://10.0.0.12:2379\n");
});
