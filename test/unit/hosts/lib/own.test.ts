import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../bash.ts";

const libraries = ["lib/files.sh", "lib/saved.sh", "lib/own.sh"];

// Real filesystems in files; mounting one is what needs root, so its content is copied out instead.
const devices = `data_is_ours() { false; }
blockdev() { stat -c %s "$2"; }
mount() { [ "$3 $4" = "-o ro,noload,nosuid,nodev,noexec" ] && debugfs -R "rdump / $LOOK" "$5" >/dev/null 2>&1; }
umount() { rm -rf "\${LOOK:?}"/*  "$LOOK/.ha-kubernetes"; }
cd $HAK_ROOT
image() { truncate -s 16M "$1"; }
ext4() { mkdir -p content; image "$1"; mkfs.ext4 -q -d content "$1"; rm -r content; }
against() { local said; said=$(against_device "$1" $HAK_ROOT/data data_is_ours); echo "$1: \${said:-taken}"; }
`;

test("a device is taken when it is all blank, an empty ext4, or one with our mark; never for one byte or one signature more", async () => {
  const said = await withScripts(
    libraries,
    `${devices}
    image blank; against blank
    ext4 empty; against empty
    mkdir content; echo 'dev/12ab m1' >content/.ha-kubernetes; mkdir -p content/member/wal; ext4 ours; against ours
    mkdir content; echo 'prod/77 m1' >content/.ha-kubernetes; mkdir -p content/member/wal; ext4 another-cluster; against another-cluster
    mkdir content; echo 'dev/12ab m2' >content/.ha-kubernetes; ext4 another-host; against another-host
    mkdir content; echo x >content/family-photos; ext4 files; against files
    mkdir -p content/lost+found; echo x >content/lost+found/#12; ext4 rescued; against rescued
    mkdir -p content/member/wal; ext4 unmarked; against unmarked
    cp empty two; printf _BHRfS_M | dd of=two bs=1 seek=65600 conv=notrunc status=none; against two
    image start; printf x | dd of=start bs=1 seek=700000 conv=notrunc status=none; against start
    image end; printf x | dd of=end bs=1 seek=16777215 conv=notrunc status=none; against end
    image swap; mkswap swap >/dev/null; against swap
    against missing 2>/dev/null`,
  );
  assert.deepEqual(said.split("\n"), [
    "blank: taken",
    "empty: taken",
    "ours: taken",
    "another-cluster: another-cluster holds data of prod/77 on host m1, as its file .ha-kubernetes says",
    "another-host: another-host holds data of dev/12ab on host m2, as its file .ha-kubernetes says",
    "files: files is not empty (family-photos) and does not carry this cluster's mark",
    "rescued: rescued is not empty (lost+found) and does not carry this cluster's mark",
    "unmarked: unmarked is not empty (member) and does not carry this cluster's mark",
    "two: two is not blank: it holds more than one thing (ext4 btrfs)",
    "start: start is not blank: its first or last MiB is not all zeros",
    "end: end is not blank: its first or last MiB is not all zeros",
    "swap: swap holds swap, not ext4",
    "missing: missing is not blank: it can't be read: wipefs: error: missing: probing initialization failed: No such file or directory",
  ]);
});

test("a directory is taken when it is not there, is empty, or has our mark; or as the release before left it", async () => {
  const said = await withScripts(
    libraries,
    `data_is_ours() { false; }
    grep() { command grep "\${@//\\/etc\\/etcd\\/etcd.env/$HAK_ROOT/etcd.env}"; }
    cd $HAK_ROOT; mkdir empty new stranger ours other; ln -s stranger link; touch file stranger/x ours/x other/x new/member
    mkdir empty/lost+found
    mark $PWD/ours; echo 'prod/77 m9' >other/.ha-kubernetes
    for it in missing empty ours stranger link other file new; do said=$(against_directory $PWD/$it data_is_ours); echo "$it: \${said:-taken}"; done
    printf 'ETCD_DATA_DIR=%s\\nETCD_INITIAL_CLUSTER_TOKEN=dev/12ab\\n' $PWD/new >etcd.env
    said=$(against_directory $PWD/new data_is_ours); echo "new: \${said:-taken}"
    sed -i s/12ab/13/ etcd.env; said=$(against_directory $PWD/new data_is_ours); echo "new: \${said:-taken}"`,
  );
  const foreign = "and does not carry this cluster's mark";
  assert.deepEqual(said.split("\n"), [
    "missing: taken",
    "empty: taken",
    "ours: taken",
    `stranger: /stranger is not empty (x) ${foreign}`,
    `link: /link is not empty (x) ${foreign}`,
    "other: /other holds data of prod/77 on host m9, as its file .ha-kubernetes says",
    "file: /file is not a directory",
    `new: /new is not empty (member) ${foreign}`,
    "new: taken",
    `new: /new is not empty (member) ${foreign}`,
  ]);
});

test("snapshots of an earlier cluster may lie in the directory of snapshots; nothing else may", async () => {
  const said = await withScripts(
    libraries,
    `cd $HAK_ROOT; mkdir old homes marked
    touch old/prod-77.m1.20260101T000000Z.r12.db{,.facts} homes/alice.db marked/x
    mkdir old/.new.abc; touch old/.new.abc/db; mark $PWD/marked
    for it in missing old homes marked; do said=$(against_snapshots $PWD/$it); echo "$it: \${said:-taken}"; done`,
  );
  assert.deepEqual(said.split("\n"), [
    "missing: taken",
    "old: taken",
    "homes: /homes holds something that is not a snapshot of etcd (alice.db)",
    "marked: taken",
  ]);
});

// The first 96 bytes that etcd 3.6.14 wrote for http://127.0.0.1:23980 and token dev/12ab; it printed the id 288158e3d5af6c6b.
const log = [
  "040000000000008408041000000000001e00000000000082080110e985d9d40c",
  "1a1408ebd8bdadbd9cd6c028108694d78dc6a3b3fe4c00000d00000000000083",
  "080510cfa9a04b1a04080010000000006e00000000000082080210cbf0b6fc06",
].join("");

test("etcd's own log says whose data are: a first member by its id, another by the word of its peers", async () => {
  const said = await withScripts(
    [...libraries, "stages/etcd/lib-place.sh", "stages/etcd/lib-identity.sh"],
    `ETCD_PKI=/etc/etcd/pki DATA_DEVICE=/dev/data KNOWN_MEMBERS=$HAK_ROOT/known PEER_URL=http://127.0.0.1:23980 BIRTH_ENDPOINTS=https://10.0.0.12:2379
    printf '0644 root:root 0 /etc/etcd/pki/member.crt\\n' >$STAGE/manifest
    etcd_do() { [ "$*" = "member list" ] && echo "288158e3d5af6c6b, started, m1, http://127.0.0.1:23980, https://x:2379, false"; }
    cd $HAK_ROOT; mkdir -p data/member/wal empty/member/wal; printf '${log.replace(/../g, "\\x$&")}' >data/member/wal/0.wal
    whose() { if data_is_ours data; then echo ours; else echo "not ours"; fi; }
    whose; OWNER=other/1; whose; RESTORE_TOKEN=dev/12ab; whose; RESTORE_TOKEN=x
    etcd_do() { return 1; }; whose
    PEER_URL=http://127.0.0.1:23981 OWNER=dev/12ab; whose
    MACHINE=i-1; whose; DATA_DEVICE=""; whose
    data_is_ours empty || echo none
    PEER_URL=https://10.0.0.11:2380; first_member_id own/x`,
  );
  assert.deepEqual(said.split("\n"), [
    ...["ours", "ours", "ours", "not ours", "not ours", "ours", "not ours", "none"],
    "56662259df62b21",
  ]);
});
