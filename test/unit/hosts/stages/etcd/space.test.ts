import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;

/** A member's database, in MiB: its file, the part in use, its quota. */
type Database = [size: number, used: number, quota: number];

/** `make_space` on m1 with a quota of `wanted` MiB in the config; `alarm` is on. Returns the commands in order, and how it ended. */
async function makeSpace(databases: Database[], wanted: number, { alarm = true } = {}) {
  const folder = scratch();
  for (const [place, [size, used, quota]] of databases.entries())
    writeFileSync(join(folder, `m${place + 1}`), `${size * 1_048_576} ${used * 1_048_576} ${quota * 1_048_576}\n`);
  if (alarm) writeFileSync(join(folder, "alarm"), "");
  const { status, text } = await run("bash", [
    "-c",
    `set -euo pipefail
    shopt -s lastpipe
    cd ${folder}
    STAGE_NAME=etcd HOST_NAME=m1 QUOTA_BYTES=${wanted * 1_048_576} DATA_DIRECTORY=${folder}/data
    mkdir -p data/member/wal
    for library in lib/common lib/files lib/etcd stages/etcd/lib-members; do
      . <(sed "s|^readonly HOME_DIR=.*|HOME_DIR=${folder}|; s|/run/ha-kubernetes|${folder}|g" ${hosts}$library.sh)
    done
    . ${hosts}stages/etcd/lib-space.sh
    pause() { sleep 0.02; }
    etcd_access() { export ETCDCTL_ENDPOINTS=m1; }
    etcd_do() {
      local size used quota
      case "$*" in
        "alarm list") [ ! -e alarm ] || echo "memberID:1 alarm:NOSPACE" ;;
        "alarm disarm") rm alarm; echo disarmed >>done ;;
        "member list") for n in 1 2 3; do echo "$n, started, m$n, p, m$n, false"; done ;;
        "compact "*) echo "$1 $3" >>done ;;
        "get "*) : ;;
        defrag) read -r _ used quota <$ETCDCTL_ENDPOINTS; echo "$used $used $quota" >$ETCDCTL_ENDPOINTS; echo "defragmented $ETCDCTL_ENDPOINTS" >>done ;;
        "endpoint status"*)
          read -r size used quota <$ETCDCTL_ENDPOINTS
          # m2 leads.
          printf '"Revision" : 7\\n"MemberID" : %s\\n"Leader" : m2\\n"DBSize" : %s\\n"DBSizeInUse" : %s\\n"DBSizeQuota" : %s\\n' $ETCDCTL_ENDPOINTS $size $used $quota ;;
      esac
    }
    install_all() { :; }
    etcd_serves() { :; }
    etcd_start() { local size used; read -r size used _ <m1; echo "$size $used $QUOTA_BYTES" >m1; echo restarted >>done; }
    make_space
    [ ! -e done ] || cat done`,
  ]);
  return {
    status,
    text,
    done: text.split("\n").filter((line) => /^(compact|defragmented m\d$|disarmed$|restarted$)/.test(line)),
  };
}

test("without the alarm nothing is done", async () => {
  assert.deepEqual(await makeSpace([[512, 100, 512]], 512, { alarm: false }), { status: 0, text: "", done: [] });
});

test("where something is unused it is given back, the leader's last, and the alarm is disarmed: no member restarts", async () => {
  const { status, text, done } = await makeSpace(
    [
      [512, 100, 512],
      [510, 100, 512],
      [512, 505, 512],
    ],
    640,
  );
  assert.equal(status, 0, text);
  // m3 has too little unused to be worth it, so there is no room on it.
  assert.deepEqual(done, ["compact 7", "defragmented m1", "defragmented m2", "restarted"]);
  const all = await makeSpace(
    [
      [512, 100, 512],
      [510, 100, 512],
      [512, 80, 512],
    ],
    640,
  );
  assert.deepEqual(all.done, ["compact 7", "defragmented m1", "defragmented m3", "defragmented m2", "disarmed"]);
});

test("where nothing is unused this member restarts with the new quota, and who is the last disarms", async () => {
  const first = await makeSpace(
    [
      [512, 510, 512],
      [512, 510, 512],
      [512, 510, 512],
    ],
    640,
  );
  assert.deepEqual(first.done, ["compact 7", "restarted"]);
  assert.match(first.text, /the alarm NOSPACE stays until the other members have the new quota, too/);
  const last = await makeSpace(
    [
      [512, 510, 512],
      [512, 510, 640],
      [512, 510, 640],
    ],
    640,
  );
  assert.deepEqual(last.done, ["compact 7", "restarted", "disarmed"]);
});

test("where nothing helps the cure is named", async () => {
  const { status, text, done } = await makeSpace(
    [
      [512, 510, 512],
      [512, 510, 512],
      [512, 510, 512],
    ],
    512,
  );
  assert.notEqual(status, 0);
  assert.match(text, /m1 has 510 MiB of 512 MiB in use;.* raise cluster\.etcd\.quotaMebibytes, or delete objects/);
  assert.deepEqual(done, []);
});

/** `quota_fits` with a database of `size` MiB, where etcd runs with a quota of `had` MiB and the config wants `wanted`. */
async function quotaFits(size: number, had: number | undefined, wanted: number) {
  const folder = scratch();
  return await run("bash", [
    "-c",
    `set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1 QUOTA_BYTES=${wanted * 1_048_576} DATA_DIRECTORY=${folder}/data
    mkdir -p ${folder}/data/member/snap
    [ ${size} = 0 ] || truncate -s ${size}M ${folder}/data/member/snap/db
    ${had === undefined ? "" : `echo ETCD_QUOTA_BACKEND_BYTES=${had * 1_048_576} >${folder}/etcd.env`}
    . ${hosts}lib/common.sh
    . <(sed "s|/etc/etcd/|${folder}/|g" ${hosts}stages/etcd/lib-space.sh)
    quota_fits`,
  ]);
}

test("a quota that the database would fill is refused with both and the cure; a higher one, or one with room, is not", async () => {
  const { status, text } = await quotaFits(2100, 8192, 2048);
  assert.notEqual(status, 0);
  assert.match(text, /too low: 2048 MiB for a database of 2100 MiB.*Set cluster\.etcd\.quotaMebibytes to 8192 again/s);
  assert.notEqual((await quotaFits(1990, 8192, 2048)).status, 0, "less than a twentieth would be free");
  const enough: [number, number | undefined, number][] = [
    [1900, 8192, 2048],
    [2100, 2048, 4096],
    [2100, 2048, 2048],
    [0, 8192, 2048],
    [2100, undefined, 2048],
  ];
  for (const fine of enough) assert.deepEqual(await quotaFits(...fine), { ...(await quotaFits(0, undefined, 512)) }, fine.join());
});
