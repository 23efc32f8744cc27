import assert from "node:assert/strict";
import { test } from "node:test";
import { sameInitiators } from "../../../../../hosts/stages/preflight/answers.ts";
import { preflightStage } from "../../../../../hosts/stages/preflight/preflight.ts";
import { modules } from "../../../../../hosts/stages/prepare/system/kernel.ts";
import { clusterFrom, metal } from "../../../../harness/samples.ts";
import { withScripts } from "../../bash.ts";

const stage = "stages/preflight/";
const scripts = ["lib/files.sh", "lib/own.sh", "lib/roles.sh", "lib/findings.sh", `${stage}lib-storage.sh`];

/** What preflight says of a machine whose arrays are these. */
async function said(script: string, mdstat = "Personalities :\nunused devices: <none>\n"): Promise<string> {
  const text = await withScripts(
    scripts,
    `mkdir -p $HAK_ROOT/proc; printf %s '${mdstat}' >$MDSTAT
     in_container() { false; }; first_run() { false; }; ${script}
     printf 'problem %s\\n' "\${PROBLEMS[@]}"; printf 'warning %s\\n' "\${WARNINGS[@]}"; printf 'note %s\\n' "\${REMARKS[@]}"`,
  );
  return text
    .split("\n")
    .filter((line) => !/^(problem|warning|note) ?$/.test(line))
    .join("\n");
}

const whole =
  "md0 : active raid1 sdb1[1] sda1[0]\n      1046528 blocks super 1.2 [2/2] [UU]\n      bitmap: 0/1 pages [0KB], 65536KB chunk\n\n";
const degraded = whole.replace("sdb1[1] ", "").replace("[2/2] [UU]", "[2/1] [U_]");
const rebuilding = `md1 : active raid5 sdd[3] sdc[1] sdb[0]
      2095104 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [UU_]
      [==>..................]  recovery = 12.6% (132480/1047552) finish=0.1min speed=132480K/sec

`;
const stopped = "md127 : inactive sdb[1](S)\n      1047552 blocks super 1.2\n\n";

test("arrays that lack a disk or do not run are warnings, those that rebuild a note, whole ones nothing", async () => {
  const roles = "ROLES=worker";
  assert.equal(await said(`${roles}; check_arrays`), "");
  assert.equal(await said(`${roles}; check_arrays`, whole), "");
  assert.match(
    await said(`${roles}; check_arrays`, degraded),
    /^warning degraded-array: array md0 \(raid1\) has 1 of 2 disks: [^\n]*$/,
  );
  assert.match(await said(`${roles}; check_arrays`, stopped), /^warning degraded-array: array md127 is not running: [^\n]*$/);
  const both = await said(`${roles}; check_arrays`, whole + rebuilding);
  assert.match(both, /^warning degraded-array: array md1 \(raid5\) has 2 of 3 disks/m);
  assert.match(both, /^note array md1 \(raid5\) is busy with recovery, 12\.6% done/m);
  assert.doesNotMatch(both, /md0/);
});

test("etcd's data on an array with parity is a note that names what suits it", async () => {
  const below = (name: string) => `ROLES=etcd; devices_below_etcd() { printf '%s\\n' vg-etcd ${name} sdb; }; check_arrays`;
  const parity = rebuilding.replace("[3/2] [UU_]", "[3/3] [UUU]").replace(/.*recovery.*\n/, "");
  assert.match(await said(below("md1"), parity), /^note etcd's data are on array md1, raid5: .*raid1 or raid10 suit etcd/);
  assert.equal(await said(below("md0"), whole + parity), "");
  assert.equal(await said(below("md10"), parity), "");
});

test("a kernel without a module that storage needs is a problem with its key", async () => {
  const asked = (storage: string, loads = "nothing") =>
    said(
      `ROLES=worker STORAGE="${storage}"; grep() { false; }; uname() { echo 6.1; }; modprobe() { [ "$3" = ${loads} ]; }; check_storage`,
    );
  for (const [storage, words] of Object.entries({
    nfs: /no module nfs, so it can't do NFS, which addons\.nfs needs/,
    iscsi: /no module iscsi_tcp, so it can't do iSCSI, which addons\.iscsi needs/,
  }))
    assert.match(await asked(storage), words);
  assert.equal(await asked("nfs", "nfs"), "");
  assert.equal(await asked("encryptedCeph"), "");
});

test("disks for Ceph must be there and blank, and the host needs memory for each", async () => {
  const disks = (more: string) => said(`HOST_NAME=w1 ROLES=worker; ${more}; check_ceph_disks`);
  assert.match(
    await disks("CEPH_DISKS=/dev/no-such-disk"),
    /^problem there is no block device \/dev\/no-such-disk: .*addons\.rookCeph\.disks\.w1/,
  );
  assert.equal(await disks(":"), "");
  const given = (blkid: string, more = ":") =>
    withScripts(
      scripts,
      `device_number() { echo 0:0; }; first_run() { false; }; blkid() { ${blkid}; }; not_blank() { :; }; ${more}; against_giving /dev/sdb`,
    );
  const nothing = "return 2";
  assert.equal(await given(nothing), "");
  assert.equal(
    await given(nothing, "not_blank() { echo 'its first or last MiB is not all zeros'; }"),
    "/dev/sdb is not blank: its first or last MiB is not all zeros",
  );
  assert.equal(await given("echo ext4"), "/dev/sdb holds ext4");
  const ceph = 'if [ "$3" = export ]; then echo TYPE=ceph_bluestore; else echo ceph_bluestore; fi';
  assert.equal(await given(ceph), "");
  assert.equal(await given(ceph, "first_run() { true; }"), "/dev/sdb holds ceph_bluestore");
});

test("hosts that have one name as iSCSI initiators are named with the cure", async () => {
  const mark = "0123456789abcdef";
  const text = (machine: string, initiator: string) => `passed, machine ${machine.repeat(16)} initiator ${initiator}`;
  assert.deepEqual(sameInitiators([["m1", text("1", mark)]]), []);
  const [found, ...more] = sameInitiators([
    ["w2", text("1", mark)],
    ["w1", text("2", mark)],
    ["w3", text("3", "fedcba9876543210")],
    ["w4", "passed, machine 4444444444444444"],
  ]);
  assert.match(found ?? "", /^w1 and w2 have the same name in \/etc\/iscsi\/initiatorname\.iscsi/);
  assert.equal(more.length, 0);
  const marked = (storage: string, name: string) =>
    withScripts(
      scripts,
      `mkdir -p $HAK_ROOT/etc/iscsi; printf '%s\\n' '## a comment' '${name}' >$HAK_ROOT/etc/iscsi/initiatorname.iscsi; STORAGE="${storage}"; initiator_mark`,
    );
  const name = "InitiatorName=iqn.1993-08.org.debian:01:abc";
  assert.match(await marked("nfs iscsi", name), /^ initiator [0-9a-f]{16}$/);
  assert.equal(await marked("nfs", name), "");
  assert.equal(await marked("iscsi", "GenerateName=yes"), "");
});

test("a host is asked for what its config names and no more", () => {
  const stageOf = (name: string, addons: object) => {
    const cluster = clusterFrom({ ...metal(), addons });
    const { address = "", roles } = cluster.hosts[name] as (typeof cluster.hosts)[string];
    const host = { name, address, roles, architecture: "amd64" as const };
    return preflightStage({ host, owner: "x/1", cluster, apiAddress: "10.0.0.10", sources: [] }).settings ?? {};
  };
  assert.equal("STORAGE" in stageOf("w1", {}), false);
  assert.equal(stageOf("w1", { nfs: {}, iscsi: {} }).STORAGE, "nfs iscsi");
  const disks = { w1: ["/dev/sdb", "/dev/sdc"], m1: ["/dev/sdb"], m2: ["/dev/sdb"] };
  assert.equal(stageOf("w1", { rookCeph: { disks } }).CEPH_DISKS, "/dev/sdb /dev/sdc");
  assert.equal("CEPH_DISKS" in stageOf("m3", { rookCeph: { disks } }), false);
  const loaded = modules(["worker"], clusterFrom({ ...metal(), addons: { iscsi: { multipath: true } } }));
  assert.ok(loaded.includes("iscsi_tcp") && loaded.includes("dm_multipath"));
});
