import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

// The gates of control planes, members and containerd: in which order things are asked and done, whatever state a host is in.

const hosts = new URL("../../../hosts/", import.meta.url).pathname;

async function bash(lines: string): Promise<{ status: number; said: string }> {
  const folder = scratch();
  mkdirSync(join(folder, "stage/files"), { recursive: true });
  writeFileSync(join(folder, "stage/manifest"), "");
  const script = `
    set -euo pipefail
    shopt -s lastpipe
    STAGE_NAME=test HOST_NAME=m1 HOST_ADDRESS=10.0.0.1 OWNER=test/1 D=${folder} STAGE=${folder}/stage KUBERNETES_VERSION=1.36.3 ETCD_VERSION=3.6.14 POOL=""
    . <(sed 's|/var/lib/ha-kubernetes|${folder}|g; s|install -d -m 0700 /run/ha-kubernetes|:|; s|/run/ha-kubernetes|${folder}/run|g' ${hosts}lib/common.sh)
    for library in files saved api etcd turn node authorities; do . ${hosts}lib/$library.sh; done
    # One look is enough here.
    wait_until() { shift; local what=$1; shift; echo "asks: $what"; "$@" || fail "gave up waiting for $what"; }
    ${lines}`;
  const { status, text } = await run("bash", ["-c", script], { limitSeconds: 60 });
  return { status, said: text.trimEnd() };
}

/** change() of a control plane whose next step only the others can allow, ready or not. */
const controlPlane = (ready: boolean, safe: string) => `
    . ${hosts}stages/control-plane/lib-apiserver.sh
    . ${hosts}stages/control-plane/lib-authorities.sh
    . <(sed '/^apply_control_plane$/d' ${hosts}stages/control-plane/apply.sh)
    apiserver_ready() { ${ready}; }
    another_apiserver_ready() { :; }
    asks_the_others() { true; }
    step_is_safe() { ${safe}; }
    control_plane_converge() { echo "converges with \${1:-everything}"; }
    control_plane_change`;

test("a control plane asks the others before a step of a rotation, also where its own apiserver is down: mended first, with the old", async () => {
  assert.equal(
    (await bash(controlPlane(true, "echo safe"))).said,
    "asks: another control plane to be ready before this one changes\nsafe\nconverges with everything",
  );
  const old = "converges with !(*/pki/ca.crt|*/pki/ca.key|*/pki/signing-ca.crt|*/pki/sa.pub|*/pki/sa.key)";
  assert.equal((await bash(controlPlane(false, "echo safe"))).said, `${old}\nsafe\nconverges with everything`);
  const refused = await bash(controlPlane(false, "fail w1 does not trust it"));
  assert.equal(refused.status, 1);
  assert.match(refused.said, /w1 does not trust it$/);
  assert.doesNotMatch(refused.said, /everything/);
});

test("a pattern of files keeps the authorities back and nothing else", async () => {
  const paths = [
    "pki/ca.crt",
    "pki/ca.key",
    "pki/signing-ca.crt",
    "pki/sa.key",
    "pki/etcd/ca.crt",
    "kubeadm.yaml",
    "pki/front-proxy-ca.crt",
  ];
  const { said } = await bash(
    `. ${hosts}stages/control-plane/lib-authorities.sh
    asks_the_others() { true; }
    for path in ${paths.join(" ")}; do if [[ /etc/kubernetes/$path == $(files_of_own) ]]; then echo $path; fi; done
    if [[ /etc/etcd/pki/ca.crt == /etc/etcd/!(pki/ca.crt) ]]; then echo wrong; fi
    if [[ /etc/etcd/etcd.env == /etc/etcd/!(pki/ca.crt) && /etc/etcd/pki/member.crt == /etc/etcd/!(pki/ca.crt) ]]; then echo others; fi`,
  );
  assert.deepEqual(said.split("\n"), ["pki/etcd/ca.crt", "kubeadm.yaml", "pki/front-proxy-ca.crt", "others"]);
});

/** A member that is down or without a quorum, and whose stage would drop an authority. */
const member = (drops: boolean, lines: string) => `
    . ${hosts}stages/etcd/lib-members.sh
    . ${hosts}stages/etcd/lib-authorities.sh
    . <(sed '/^apply_etcd$/d' ${hosts}stages/etcd/apply.sh)
    etcd_access() { :; }
    drops() { ${drops}; }
    install_configured() { echo "installs $1"; }
    etcd_start() { echo starts; }
    with_turn() { echo "with a turn: $*"; }
    ${lines}`;

test("without a quorum a member is mended with the authority that it has, and drops it only in its turn", async () => {
  const alone = "quorum_lost() { true; }; etcd_roll 2>/dev/null";
  assert.equal((await bash(member(true, alone))).said, "installs /etc/etcd/!(pki/ca.crt)\nstarts\nwith a turn: etcd_change");
  assert.equal((await bash(member(false, alone))).said, "installs /etc/etcd/*\nstarts");
  assert.equal((await bash(member(true, "quorum_lost() { false; }; etcd_roll"))).said, "with a turn: etcd_change");
});

/** A node whose containerd is to restart. */
const node = (lines: string) => `
    . ${hosts}stages/prepare/containerd/lib-containerd.sh
    . ${hosts}stages/prepare/containerd/lib-containerd-turn.sh
    touch $D/control-plane-born
    etcd_access() { :; }
    quorum_lost() { false; }
    control_planes_say() { printf '%s\\n' 'm1 False' 'm2 True'; }
    with_turn() { echo "in turn"; "$@"; }
    still_my_turn() { :; }
    restart_containerd() { echo restarts; }
    ${lines}
    restart_in_turn`;

test("containerd restarts in its turn, when no other's is dead; a host that reports nothing does not count as dead", async () => {
  const asks = "in turn\nasks: the other control planes to be Ready before containerd restarts on this one";
  assert.equal((await bash(node(""))).said, `${asks}\nrestarts`);
  assert.equal((await bash(node("control_planes_say() { printf '%s\\n' 'm2 Unknown'; }"))).said, `${asks}\nrestarts`);
  const { status, said } = await bash(node("control_planes_say() { printf '%s\\n' 'm2 False' 'm3 True'; }"));
  assert.equal(status, 1);
  assert.match(said, /not Ready: m2/);
  assert.doesNotMatch(said, /restarts$/m);
});

test("where nobody can give a turn, the restart of containerd is put off, because etcd's stage comes after it", async () => {
  const { status, said } = await bash(node("quorum_lost() { true; }"));
  assert.equal(status, 0);
  assert.match(said, /left containerd running .* because etcd has no quorum: to restart it, give cluster.repair another word/);
  const born = await bash(node("rm $D/control-plane-born"));
  assert.equal(born.said, "restarts");
});

test("bundles of runs that were killed are swept; one that is young, or that another run waits with, stays", async () => {
  const { said } = await bash(
    `mkdir -p $D/run/{etcd.aaaaaaaa,worker.bbbbbbbb,prepare.cccccccc,manifests}
    touch -d '1 hour ago' $D/run/{etcd.aaaaaaaa,prepare.cccccccc,manifests}
    (exec -a "$D/run/prepare.cccccccc/run.sh" sleep 20) & trap "kill $!" EXIT
    until pgrep -f prepare.cccccccc/run.sh >/dev/null; do sleep 0.05; done
    sweep_bundles
    ls $D/run`,
  );
  assert.deepEqual(said.split("\n"), ["manifests", "prepare.cccccccc", "worker.bbbbbbbb"]);
});
