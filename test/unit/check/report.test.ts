import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { allCertificates } from "../../../check/certificates.ts";
import type { Level } from "../../../check/finding.ts";
import type { Looked } from "../../../check/observe.ts";
import { certificatesText, exitStatus, judge, reportText } from "../../../check/report.ts";
import { scratch } from "../../harness/scratch.ts";
import { lookedAt, now, pem, stack } from "./healthy.ts";

/** The findings that are not OK, as `place level subject`. */
const wrong = (looked: readonly Looked[], all = stack) =>
  judge("prod", all, looked, Date.now()).places.flatMap(({ place, findings }) =>
    findings
      .filter(({ level }) => level !== "OK")
      .map(({ level, subject, cure }) => {
        assert.ok(cure, `${subject} says what to do`);
        return `${place} ${level} ${subject}`;
      }),
  );

test("a cluster that is well has no other finding than OK, for each host and the cluster", () => {
  const report = judge("prod", stack, lookedAt(), now * 1000);
  assert.deepEqual(wrong(lookedAt()), []);
  assert.equal(exitStatus(report), 0);
  for (const { place, findings } of report.places) assert.ok(findings.length >= 4, `${place}: ${JSON.stringify(findings)}`);
  const subjects = new Set(report.places.flatMap(({ findings }) => findings.map(({ subject }) => subject)));
  const about =
    "owner mark,files,units,versions,ports,etcd database,etcd wal fsync,etcd members,etcd leader,etcd alarms,snapshot of etcd,restore drill";
  for (const subject of [
    ...about.split(","),
    "apiserver",
    "balancer",
    "virtual IP 10.0.0.10",
    "clock",
    "disk /",
    "Node",
    "pods",
    "certificates",
  ])
    assert.ok(subjects.has(subject), subject);
});

// Each row: the host that reports something else, the replaced text and its replacement, and the one finding that results.
const on = "m2";
const rows: [what: string, from: string | RegExp, to: string, findings: string[]][] = [
  ["a changed file", /^[0-9a-f]{64}( {2}\/etc\/etcd\/etcd.env)$/m, `${"0".repeat(64)}$1`, ["m2 FAIL /etc/etcd/etcd.env"]],
  ["a missing file", /^.*\t\/var\/lib\/kubelet\/config.yaml$/m, "", ["m2 FAIL /var/lib/kubelet/config.yaml"]],
  [
    "another mode",
    "0600 etcd:etcd regular file\t/etc/etcd/pki/member.key",
    "0644 etcd:etcd regular file\t/etc/etcd/pki/member.key",
    ["m2 FAIL /etc/etcd/pki/member.key"],
  ],
  [
    "another owner",
    "root:etcd regular file\t/etc/etcd/pki/ca.crt",
    "root:root regular file\t/etc/etcd/pki/ca.crt",
    ["m2 FAIL /etc/etcd/pki/ca.crt"],
  ],
  [
    "a link in a file's place",
    "regular file\t/etc/etcd/etcd.env",
    "symbolic link\t/etc/etcd/etcd.env",
    ["m2 FAIL /etc/etcd/etcd.env"],
  ],
  ["another cluster's mark", "prod/0011aabb", "other/22334455", ["m2 FAIL owner mark"]],
  ["no mark", "prod/0011aabb", "", ["m2 FAIL owner mark"]],
  ["a stopped unit", /(Id=haproxy.service\nLoadState=loaded\nActiveState=)active/, "$1inactive", ["m2 FAIL haproxy.service"]],
  [
    "a failed snapshot",
    /(Id=etcd-backup.service\nLoadState=loaded\nActiveState=)inactive/,
    "$1failed",
    ["m2 FAIL etcd-backup.service"],
  ],
  [
    "a disabled unit",
    /(Id=keepalived.service\nLoadState=loaded\nActiveState=active\nUnitFileState=)enabled/,
    "$1disabled",
    ["m2 FAIL keepalived.service"],
  ],
  ["a masked unit", /(Id=kubelet.service\nLoadState=)loaded/, "$1masked", ["m2 FAIL kubelet.service"]],
  ["somebody's failed unit", "@@ failed\n", "@@ failed\nexim4.service\n", ["m2 WARN exim4.service"]],
  ["an older etcd", "etcd-3.6.14/etcd", "etcd-3.6.13/etcd", ["m2 FAIL version of etcd"]],
  [
    "a kubelet from elsewhere",
    "/opt/ha-kubernetes/kubernetes-1.36.3/kubelet",
    "/usr/bin/kubelet",
    ["m2 FAIL version of kubernetes"],
  ],
  [
    "an array that lacks a disk",
    "@@ arrays\n",
    "@@ arrays\nmd0 : active raid1 sda1[0]\n      1046528 blocks super 1.2 [2/1] [U_]\n",
    ["m2 FAIL array md0"],
  ],
  [
    "an array that is checked again",
    "@@ arrays\n",
    "@@ arrays\nmd0 : active raid1 sdb1[1] sda1[0]\n      1046528 blocks super 1.2 [2/2] [UU]\n      [>....]  resync =  1.5% (1/2) finish=1min\n",
    ["m2 WARN array md0"],
  ],
  ["swap", "@@ swap\n", "@@ swap\n/dev/zram0\n", ["m2 FAIL swap"]],
  ["another value of a sysctl", "net/ipv4/ip_forward 1", "net/ipv4/ip_forward 0", ["m2 FAIL sysctl net.ipv4.ip_forward"]],
  [
    "a sysctl that is not there",
    /^net\/bridge\/bridge-nf-call-iptables 1$/m,
    "",
    ["m2 FAIL sysctl net.bridge.bridge-nf-call-iptables"],
  ],
  ["a sysctl that a boot would lose", "-vm/panic_on_oom = 0", "", ["m2 FAIL sysctl vm.panic_on_oom"]],
  ["kube-proxy's table gone", "table ip kube-proxy", "table ip nat", ["m2 FAIL nftables ip kube-proxy"]],
  ["flannel's table gone", "table ip flannel-ipv4", "", ["m2 FAIL nftables ip flannel-ipv4"]],
  ["the port table gone", "@@ port-table\nwhole", "@@ port-table\nmissing", ["m2 FAIL nftables inet ha_kubernetes"]],
  ["a rule taken out", "@@ port-table\nwhole", "@@ port-table\nchanged", ["m2 FAIL nftables inet ha_kubernetes"]],
  ["a shutdown that waits less", "t 60000000", "t 30000000", ["m2 FAIL graceful shutdown"]],
  ["no logind", "t 60000000", "", ["m2 WARN graceful shutdown"]],
  [
    "a kubelet that did not ask",
    /^kubelet 0 root.*$/m,
    "NetworkManager 0 root 5 nm sleep x delay",
    ["m2 WARN graceful shutdown"],
  ],
  ["another kubelet program", /^1{64}/m, "2".repeat(64), ["m2 FAIL /opt/ha-kubernetes/kubernetes-1.36.3/kubelet"]],
  [
    "another program of an archive",
    /^5{64}( {2}\/opt\/ha-kubernetes\/runc)/m,
    `${"2".repeat(64)}$1`,
    ["m2 FAIL /opt/ha-kubernetes/runc-1.4.3/runc"],
  ],
  ["a program that is gone", /^5{64} {2}\/opt\/ha-kubernetes\/runc.*$/m, "", ["m2 FAIL /opt/ha-kubernetes/runc-1.4.3/runc"]],
  [
    "a program replaced while it runs",
    "/opt/ha-kubernetes/etcd-3.6.14/etcd",
    "/opt/ha-kubernetes/etcd-3.6.14/etcd (deleted)",
    ["m2 WARN /opt/ha-kubernetes/etcd-3.6.14/etcd"],
  ],
  [
    "a static pod that was edited",
    /^5{64}( {2}\/etc\/kubernetes\/manifests\/kube-scheduler)/m,
    `${"2".repeat(64)}$1`,
    ["m2 FAIL /etc/kubernetes/manifests/kube-scheduler.yaml"],
  ],
  [
    "a static pod that is gone",
    /^5{64} {2}\/etc\/kubernetes\/manifests\/kube-scheduler.*$/m,
    "",
    ["m2 FAIL /etc/kubernetes/manifests/kube-scheduler.yaml"],
  ],
  [
    "a stranger's static pod",
    "@@ manifests\n",
    `@@ manifests\n${"2".repeat(64)}  /etc/kubernetes/manifests/extra.yaml\n`,
    ["m2 WARN /etc/kubernetes/manifests/extra.yaml"],
  ],
  [
    "a kubeconfig that leads elsewhere",
    /^(\/etc\/kubernetes\/scheduler.conf) \S+/m,
    "$1 https://10.9.9.9:6443",
    ["m2 FAIL /etc/kubernetes/scheduler.conf"],
  ],
  [
    "a kubeconfig of another authority",
    /^(\/etc\/kubernetes\/admin.conf \S+) \S+/m,
    `$1 ${"2".repeat(64)}`,
    ["m2 FAIL /etc/kubernetes/admin.conf"],
  ],
  ["a kubeconfig that is gone", /^\/etc\/kubernetes\/kubelet.conf .*$/m, "", ["m2 FAIL /etc/kubernetes/kubelet.conf"]],
  ["another runc", "runc-1.4.3/runc", "runc-1.4.2/runc", ["m2 FAIL version of runc"]],
  [
    "a stranger's port",
    "udp UNCONN",
    'tcp LISTEN 0 5 0.0.0.0:4444 0.0.0.0:* users:(("nc",pid=99,fd=3))\nudp UNCONN',
    ["m2 WARN port 4444/tcp"],
  ],
  ["a stranger on a port of the table", '"kubelet",pid', '"nc",pid', ["m2 FAIL port 10250"]],
  ["a port that nothing listens on", /^.* 0\.0\.0\.0:2380 .*$/m, "", ["m2 FAIL port 2380"]],
  ["no leader", "has_leader 1", "has_leader 0", ["m2 FAIL etcd"]],
  ["a learner", "is_learner 0", "is_learner 1", ["m2 WARN etcd"]],
  ["a full database", "size_in_bytes 2.4576e+06", "size_in_bytes 2.1e+09", ["m2 FAIL etcd database"]],
  ["a slow disk", /(wal_fsync_duration_seconds_bucket\{le="0.0(?:04|08|16)"\}) 1000/g, "$1 900", ["m2 WARN etcd wal fsync"]],
  ["an old snapshot", `taken=${now - 600}`, `taken=${now - 86_400}`, ["m2 FAIL snapshot of etcd"]],
  ["snapshots from the future", "ahead=0", "ahead=2", ["m2 FAIL snapshot of etcd"]],
  ["a balancer without apiserver", "@@ balancer\n200", "@@ balancer\n503", ["m2 FAIL balancer"]],
  ["a keepalived that does not find its address", "@@ keepalived\nBACKUP", "@@ keepalived\nFAULT", ["m2 FAIL keepalived"]],
  ["an apiserver that is not ready", "@@ api\nok", "@@ api\n", ["m2 FAIL apiserver"]],
  ["nobody with the virtual IP", "10.0.0.10/32", "", ["cluster FAIL virtual IP 10.0.0.10"]],
  ["a clock ahead", `@@ time\n${now}`, `@@ time\n${now + 30}`, ["m2 WARN clock"]],
  ["a clock far behind", `@@ time\n${now}`, `@@ time\n${now - 400}`, ["m2 FAIL clock"]],
  ["a disk that fills up", "60000000000", "13000000000", ["m2 WARN disk /"]],
  ["a full disk", "60000000000", "900000000", ["m2 FAIL disk /"]],
  ["no inodes", "900000", "900", ["m2 FAIL disk /"]],
];
for (const [what, from, to, findings] of rows) {
  test(`${what} is found, and nothing else`, () => {
    const looked = lookedAt((text, { name }) => {
      if (name !== on) return text;
      const broken = text.replace(from, to);
      assert.notEqual(broken, text, "the row breaks something");
      return broken;
    });
    assert.deepEqual(wrong(looked), findings);
    assert.equal(exitStatus(judge("prod", stack, looked, now * 1000)), findings.some((it) => it.includes(" FAIL ")) ? 1 : 0);
  });
}

// What all members or control planes say alike.
const everywhere: [what: string, from: string | RegExp, to: string, findings: string[]][] = [
  ["a member that is missing", /^.*, m3, .*$/m, "", ["cluster FAIL etcd members"]],
  [
    "a member of no host",
    /^(.*), m3, (.*)$/m,
    "$1, m3, $2\n1, started, m9, https://y:2380, https://y:2379, false",
    ["cluster FAIL etcd members"],
  ],
  ["a member that never started", ", m3, ", ", , ", ["cluster FAIL etcd members"]],
  ["an alarm", "@@ etcd-alarms\n", "@@ etcd-alarms\nmemberID:1 alarm:NOSPACE\n", ["cluster FAIL etcd alarms"]],
  ["no quorum", /@@ etcd-(members|alarms)\n[^@]*/g, "@@ etcd-$1\n", ["cluster FAIL etcd"]],
  ["a Node that is not Ready", /^(w1.*)Ready=True/m, "$1Ready=False", ["w1 FAIL Node"]],
  ["a cordoned Node", "w1\t\t", "w1\ttrue\t", ["w1 WARN Node"]],
  ["an old kubelet", "w1\t\tv1.36.3", "w1\t\tv1.35.4", ["w1 FAIL Node"]],
  ["a Node that is gone", /^w1\t.*Ready=.*$/m, "", ["w1 FAIL Node"]],
  [
    "a Node of an auto-scaling pool",
    "@@ nodes\n",
    "@@ nodes\nburst-i-0123456789abcdef0\t\tv1.35.4\tReady=True \nburst-i-0123456789abcdef1\t\tv1.36.3\tReady=False \n",
    ["cluster FAIL Node burst-i-0123456789abcdef1"],
  ],
  ["a Node of no host", "@@ nodes\n", "@@ nodes\nx9\t\tv1.36.3\tReady=True \n", ["cluster WARN Node x9"]],
  [
    "a pod that is not ready",
    "kube-apiserver-m3\tm3\tRunning\tTrue",
    "kube-apiserver-m3\tm3\tRunning\tFalse",
    ["m3 FAIL pod kube-apiserver-m3"],
  ],
  [
    "a pod of the pod network without its image",
    "@@ pods\n",
    "@@ pods\nflannel-x\tw1\tPending\tFalse\tghcr.io/none:1 \tkube-flannel\tImagePullBackOff\n",
    ["w1 FAIL pod flannel-x"],
  ],
  ["a label of the pool that is gone", /^(w1\t.*)\tgeneral\t/m, "$1\t\t", ["w1 FAIL pool of the Node"]],
  ["another range of pods", "10.244.3.0/24", "10.244.9.0/24", ["w1 FAIL range of pods"]],
  [
    "an object of an add-on that somebody changed",
    "@@ end",
    '@@ objects\nchanged ConfigMap kube-system/coredns: conflict with "kubectl-edit" using v1: .data.Corefile\n@@ end',
    ["cluster WARN ConfigMap kube-system/coredns"],
  ],
  [
    "an object of an add-on that is gone",
    "@@ end",
    '@@ objects\ngone services "kube-dns" not found\n@@ end',
    ["cluster WARN add-ons"],
  ],
  ["an old apiserver", /(kube-apiserver-m3.*:)v1.36.3/, "$1v1.35.4", ["m3 FAIL version of kube-apiserver"]],
  ["no control plane that answers", /@@ nodes\n[^@]*/, "@@ nodes\n", ["cluster FAIL API"]],
];
for (const [what, from, to, findings] of everywhere) {
  test(`${what} is found once`, () => assert.deepEqual(wrong(lookedAt((text) => text.replace(from, to))), findings));
}

test("two holders of the virtual IP, and two etcd clusters, are found", () => {
  const held = lookedAt((text, { name }) =>
    name === "m3" ? text.replace("@@ addresses\n", "@@ addresses\n10.0.0.10/32\n") : text,
  );
  assert.deepEqual(wrong(held), ["cluster FAIL virtual IP 10.0.0.10"]);
  const split = lookedAt((text, { name }) =>
    name === "m3" ? text.replace("14841639068965178418", "14841639068965178419") : text,
  );
  assert.deepEqual(wrong(split), ["cluster FAIL etcd cluster"]);
});

test("a host that does not answer is named with the way out, the others are judged, and the status says that not all was seen", () => {
  const looked = lookedAt().map(
    (it): Looked => (it.host.name === "w2" ? { host: it.host, error: "cannot reach root@10.0.0.22:22" } : it),
  );
  assert.deepEqual(wrong(looked), ["w2 FAIL connection"]);
  const report = judge("prod", stack, looked, now * 1000);
  assert.equal(exitStatus(report), 2);
  const text = reportText(report);
  assert.match(text, /FAIL {2}connection: .*10\.0\.0\.22/);
  assert.match(text, /hosts\.w2\.lost/);
  assert.match(text, /4 of 5 hosts looked at$/);
});

test("the worst comes first, and the last line counts", () => {
  const looked = lookedAt((text, { name }) => (name === "w1" ? text.replace(/^[0-9a-f]{64}/m, "0".repeat(64)) : text));
  const text = reportText(judge("prod", stack, looked, now * 1000));
  const [first, second] = text.split("\n");
  assert.equal(first, "w1");
  assert.match(second ?? "", /^ {2}FAIL/);
  assert.match(text.split("\n").at(-1) ?? "", /^stack prod: 1 FAIL, 0 WARN, \d+ OK; 5 of 5 hosts looked at$/);
  assert.deepEqual(
    JSON.parse(JSON.stringify(judge("prod", stack, looked, 0))).counts satisfies Record<Level, number>,
    judge("prod", stack, looked, 0).counts,
  );
});

test("what the config gave up, and a run that was cut off, are said", () => {
  const hosts = stack.hosts.map((host) => ({ ...host, lost: host.name === "w2" }));
  const looked = lookedAt((text) => text.replace(/^w2\t.*$/m, "")).filter(({ host }) => host.name !== "w2");
  assert.deepEqual(wrong(looked, { ...stack, hosts, unfinished: true }), ["cluster WARN lost hosts", "cluster WARN state"]);
});

test("a host that refuses the login is not one to be given up", () => {
  const looked = lookedAt();
  const [first] = looked;
  assert.ok(first);
  const refused = { host: first.host, error: "ops@10.0.0.11:22 refuses the login of user ops with key SHA256:x (ssh-ed25519)" };
  const text = reportText(judge("prod", stack, [refused, ...looked.slice(1)], 0));
  assert.match(
    text,
    /FAIL {2}connection: could not be looked at: ops@\S+ refuses the login.*\n {8}→ put the user and key that the host lets in/,
  );
  assert.doesNotMatch(text, /hosts\.\w+\.lost/);
});

test("what a lost host had is said until it is worthless, with the ways", () => {
  const lostCredentials = [{ name: "m9", since: "2026-11-28T09:00:00.000Z", authorities: ["etcd", "kubernetes"] }];
  const report = judge("prod", { ...stack, lostCredentials }, lookedAt(), 0);
  assert.match(
    reportText(report),
    /WARN {2}credentials of m9: the host is lost since 2026-11-28, and what it had of etcd, kubernetes is still valid\n {8}→ replace them by certificates\.authorities, in three edits; .* add m9 to certificates\.destroyedHosts/,
  );
  assert.equal(exitStatus(report), 0);
});

test("certificates are listed by their end, and those in their renewal window with what to do", () => {
  const day = 86_400_000;
  const all = { ...stack, certificates: [{ name: "etcd-m1", pem, renewBeforeHours: 2160 }] };
  const early = allCertificates(all, lookedAt(), Date.now());
  assert.equal(early.length, 6);
  assert.ok(early.every(({ daysLeft, state, serial }) => daysLeft === 364 && state === "valid" && /^[0-9A-F]+$/.test(serial)));
  const late = allCertificates(all, lookedAt(), Date.now() + 300 * day);
  assert.equal(late.find(({ place }) => place === "state")?.state, "in its renewal window");
  assert.equal(allCertificates(all, lookedAt(), Date.now() + 400 * day)[0]?.state, "expired");
  const text = certificatesText(late, ["w9: no answer"]);
  assert.match(text, /^days {2}until/);
  assert.match(text, /state: etcd-m1 is in its renewal window\n {6}→ run up/);
  assert.match(text, /^FAIL {2}w9: no answer$/m);
});

test("a leaf of an authority that no longer issues is found, and one of an authority that nothing trusts", () => {
  const [old, issuing, stranger] = ["kubernetes-ca", "kubernetes-ca-2", "kubernetes-ca"].map(authority);
  assert.ok(old && issuing && stranger);
  const certificates = [
    { name: "kubernetes-ca", pem: old.pem, renewBeforeHours: 0, superseded: true },
    { name: "kubernetes-ca-2", pem: issuing.pem, renewBeforeHours: 0, superseded: false },
  ];
  const found = (leaf: string) => {
    const looked = lookedAt((text) => text.replaceAll(pem.trim(), leaf.trim()));
    const { places } = judge("prod", { ...stack, certificates }, looked, now * 1000);
    return places.find(({ place }) => place === "w1")?.findings.filter(({ subject }) => subject.startsWith("certificate"));
  };
  assert.deepEqual(
    found(issuing.leaf)?.map(({ level }) => level),
    ["OK"],
  );
  assert.deepEqual(
    found(old.leaf)?.map(({ level, found }) => `${level} ${found}`),
    ["WARN is of an authority that no longer issues"],
  );
  assert.deepEqual(
    found(stranger.leaf)?.map(({ level, found }) => `${level} ${found}`),
    ["FAIL is of an authority that is not trusted"],
  );
});

/** An authority's certificate, and a leaf of it. */
function authority(name: string): { pem: string; leaf: string } {
  const folder = scratch();
  const openssl = (text: string) => execFileSync("openssl", text.split(" "), { cwd: folder, stdio: "ignore" });
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout";
  openssl(`req -x509 ${key} ca.key -subj /CN=${name} -days 4000 -out ca.crt`);
  openssl(`req -new ${key} leaf.key -subj /CN=leaf -out leaf.csr`);
  openssl("x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -days 4000 -out leaf.crt");
  const [pem, leaf] = ["ca.crt", "leaf.crt"].map((file) => readFileSync(join(folder, file), "utf8")) as [string, string];
  return { pem, leaf };
}
