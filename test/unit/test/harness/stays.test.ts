import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { differences, stays } from "../../../harness/stays.ts";

const docs = readFileSync(new URL("../../../../docs/hosts.md", import.meta.url), "utf8");

test("docs/hosts.md explains exactly the exceptions", () => {
  const section = docs.split("## What stays after `destroy`")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| (?!what the cluster leaves|what moves by itself)([^|]+?) \| ([^|]+?) \|$/gm)];
  assert.deepEqual(
    rows.map(([, what]) => what),
    stays.map(({ what }) => what),
  );
});

const before = `file /etc/hosts f 644 root:root 
content /etc/hosts 11
unit their.service active
nft ip mine input tcp dport 5 drop
sysctl net.ipv4.ip_forward = 0
group adm ops`;

test("the same state has no differences, in whatever order", () => {
  assert.deepEqual(differences(before, before.split("\n").reverse().join("\n")), []);
});

test("what differs is named: content, states, rules, members of groups, leftovers", () => {
  const after = before
    .replace("hosts 11", "hosts 22")
    .replace("active", "failed")
    .replace("drop", "accept")
    .replace("= 0", "= 1")
    .replace("adm ops", "adm");
  const leftovers = [
    "folder /var/log/pods",
    "folder /var/log/containers",
    "file /var/lib/cni d 755 root:root ",
    "content /var/lib/systemd/timers/stamp-etcd-backup-drill.timer e3b0",
    "file /var/spool/cron/crontabs/etcd f 600 etcd:crontab ",
    "run flannel",
    "route 10.244.1.0/24 via 10.1.0.2 dev eth0",
    "mount /var/lib/kubelet/pods/x tmpfs",
    "user etcd",
  ];
  const found = differences(before, `${after}\n${leftovers.join("\n")}`);
  assert.equal(found.filter((line) => line.startsWith("- ")).length, 5, found.join("\n"));
  assert.equal(found.filter((line) => line.startsWith("+ ")).length, 5 + leftovers.length, found.join("\n"));
});

test("what may stay may come, and may not go", () => {
  const module = "module vxlan";
  assert.deepEqual(differences(before, `${before}\n${module}`), []);
  assert.deepEqual(differences(`${before}\n${module}`, before), [`- ${module}`]);
});
