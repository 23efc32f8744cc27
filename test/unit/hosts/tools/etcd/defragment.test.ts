import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const read = (name: string) => readFileSync(new URL(`../../../../../hosts/tools/etcd/${name}.sh`, import.meta.url), "utf8");

/** A member as `endpoint status` tells it; sizes in MiB. */
interface Member {
  size?: number;
  used?: number;
  quota?: number;
  healthy?: boolean;
  learner?: boolean;
}

/** Runs the script on the first of these members; `leader` is the place of the one that leads. What it said, and what it asked etcd to do. */
async function defragment(members: Member[], { leader = 1, alarm = "", percent = 45 } = {}) {
  const folder = scratch();
  // Ids of more than 63 bits, as etcd's may be.
  const id = (place: number) => 17_287_361_118_329_258_850n + BigInt(place);
  const [mebi, ids] = [1_048_576, members.map((_, place) => id(place))];
  for (const [place, { size = 200, used = 190, quota = 2048, healthy = true, learner = false }] of members.entries()) {
    const values = {
      MemberID: ids[place],
      DBSize: size * mebi,
      DBSizeInUse: used * mebi,
      DBSizeQuota: quota * mebi,
      Leader: "LEADER",
    };
    const text = Object.entries({ ...values, IsLearner: learner }).map(([name, value]) => `"${name}" : ${value}`);
    writeFileSync(join(folder, `status-${place}`), `${text.join("\n")}\n`);
    if (!healthy) writeFileSync(join(folder, `sick-${place}`), "");
  }
  const list = members.map(
    ({ learner = false }, place) =>
      `${id(place).toString(16)}, started, m${place}, https://10.0.0.${place}:2380, https://10.0.0.${place}:2379, ${learner}`,
  );
  writeFileSync(join(folder, "list"), `${list.join("\n")}\n`);
  writeFileSync(join(folder, "leader"), String(id(leader)));
  const etcdctl = `#!/bin/bash
cd ${folder}
place=$(sed -n 's|.*--endpoints=https://10.0.0.\\([0-9]*\\):2379.*|\\1|p' <<<"$*"); place=\${place:-0}
case "$*" in
  *"endpoint status"*) sed "s/LEADER/$(cat leader)/" status-$place ;;
  *"endpoint health"*) [ ! -e sick-$place ] ;;
  *"member list"*) cat list ;;
  *"alarm list"*) echo "${alarm}" ;;
  *move-leader*) echo "moved to \${*: -1}" >>done; cat moved >leader ;;
  *lock*) echo locked >>done; exec "\${@: -2}" ;;
  *defrag*) echo "defragmented $place" >>done; sed -i 's/^"DBSize" .*/"DBSize" : 1048576/' status-$place ;;
esac
`;
  writeFileSync(join(folder, "moved"), String(id(1)));
  writeFileSync(join(folder, "etcdctl"), etcdctl, { mode: 0o755 });
  writeFileSync(join(folder, "common.sh"), read("common").replace(" PATH=", ` PATH=${folder}:`));
  writeFileSync(join(folder, "defragment.sh"), read("defragment").replace("/usr/local/lib/etcd-backup", folder), { mode: 0o755 });
  const { status, text } = await run("bash", [join(folder, "defragment.sh")], { env: { UNUSED_PERCENT: String(percent) } });
  const done = existsSync(join(folder, "done")) ? readFileSync(join(folder, "done"), "utf8").trim().split("\n") : [];
  return { status, text, done };
}

const wasteful = { size: 400, used: 100 };

test("a follower with much unused is defragmented under the turn, it alone", async () => {
  const { status, text, done } = await defragment([wasteful, {}, wasteful]);
  assert.equal(status, 0, text);
  assert.deepEqual(done, ["locked", "defragmented 0"]);
  assert.match(text, /defragmented: 400 MiB were, 1 MiB are/);
});

test("a leader waits for followers that are due, then hands over to another member first", async () => {
  const early = await defragment([wasteful, wasteful, {}], { leader: 0 });
  assert.match(early.text, /this member leads, and a follower is due first/);
  assert.deepEqual(early.done, ["locked"]);
  const late = await defragment([wasteful, {}, {}], { leader: 0 });
  assert.deepEqual(late.done, ["locked", `moved to ${(17_287_361_118_329_258_852n).toString(16)}`, "defragmented 0"]);
});

test("a member alone is defragmented where it is", async () => {
  assert.deepEqual((await defragment([wasteful], { leader: 0 })).done, ["locked", "defragmented 0"]);
});

// Databases that are not worth the pause of the member, and conditions that make it wait.
const waits: [what: string, members: Member[], said: RegExp][] = [
  ["little is unused", [{ size: 400, used: 300 }, {}, {}], /nothing to do: 300 MiB of 400 MiB are in use/],
  ["the file is small", [{ size: 99, used: 1 }, {}, {}], /nothing to do/],
  ["a member is away", [wasteful, {}, { healthy: false }], /not now: the member of m2 is away or not healthy/],
  ["a member is a learner", [wasteful, { learner: true }, {}], /not now: the member of m1 is still a learner/],
  ["this one is a learner", [{ ...wasteful, learner: true }, {}, {}], /not now: this member is still a learner/],
];
for (const [what, members, said] of waits) {
  test(`nothing is done where ${what}, and the run does not fail`, async () => {
    const { status, text, done } = await defragment(members);
    assert.equal(status, 0, text);
    assert.match(text, said);
    assert.deepEqual(done, []);
  });
}

test("near the quota a tenth is enough", async () => {
  const { done } = await defragment([{ size: 400, used: 350, quota: 512 }, {}, {}]);
  assert.deepEqual(done, ["locked", "defragmented 0"]);
});

test("a database that has reached its quota is a failure that names the way out", async () => {
  const { status, text, done } = await defragment([wasteful, {}, {}], { alarm: "memberID:1 alarm:NOSPACE" });
  assert.notEqual(status, 0);
  assert.match(text, /raise cluster\.etcd\.quotaMebibytes, or delete objects, and run up with another cluster\.repair/);
  assert.deepEqual(done, []);
});
