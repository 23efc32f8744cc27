import { type Finding, fail, ok, repair, size, warn } from "../finding.ts";
import { lines, type Observation } from "../observation.ts";
import type { Looked } from "../observe.ts";
import type { WantedHost } from "../stack.ts";

// etcd: each member for itself, and what the members say of each other.

/** Seconds below which etcd's documentation wants the 99th percentile of its disk's answers (etcd.io, hardware and metrics). */
const latencies = { wal_fsync: 0.01, backend_commit: 0.025 };
/** Part of its quota from which a database wants a look; at all of it etcd takes no more writes. */
const quotaUsed = 0.8;

/** A histogram's quantile from lines of Prometheus' text format; undefined where it has counted nothing. In the metric's unit. */
export function quantile(all: readonly string[], metric: string, part: number): number | undefined {
  const buckets = all.flatMap((line): [number, number][] => {
    const [, bound, count] = new RegExp(`^${metric}_bucket\\{le="([^"]+)"\\} (\\S+)$`).exec(line) ?? [];
    return bound === undefined ? [] : [[bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound), Number(count)]];
  });
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  // The bucket's upper end: it was this fast, or faster.
  return buckets.find(([, count]) => count >= part * total)?.[0];
}

/** A plain metric's value; NaN where it is not there. */
const metric = (all: readonly string[], name: string): number =>
  Number(all.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? Number.NaN);

/** A member's own health, its database and its disk. */
export function memberFindings({ stages }: WantedHost, seen: Observation): Finding[] {
  if (!stages.includes("etcd")) return [];
  const all = lines(seen, "etcd-metrics");
  const logs = "see `journalctl -u etcd` there";
  if (all.length === 0) return [fail("etcd", "does not answer on this host", `${repair}; ${logs}`)];
  const findings: Finding[] = [];
  if (metric(all, "etcd_server_has_leader") !== 1)
    findings.push(fail("etcd", "knows no leader", `start the other members; ${logs}`));
  if (metric(all, "etcd_server_is_learner") === 1) {
    findings.push(warn("etcd", "is still a learner: it does not vote", `${repair}: it is promoted once it has caught up`));
  }
  const used = metric(all, "etcd_mvcc_db_total_size_in_bytes");
  const quota = metric(all, "etcd_server_quota_backend_bytes");
  const database = `${size(used)} of ${size(quota)}, ${size(metric(all, "etcd_mvcc_db_total_size_in_use_in_bytes"))} of it in use`;
  if (used > quotaUsed * quota) {
    findings.push(
      fail(
        "etcd database",
        database,
        "raise etcd.quotaMebibytes and run up. Or delete objects, then free the unused space: `systemctl start etcd-defragment` there",
      ),
    );
  } else findings.push(ok("etcd database", database));
  for (const [name, limit] of Object.entries(latencies)) {
    const seconds = quantile(all, `etcd_disk_${name}_duration_seconds`, 0.99);
    if (seconds === undefined) continue;
    const [subject, found] = [
      `etcd ${name.replace("_", " ")}`,
      `p99 is at most ${Math.round(seconds * 1000)} ms since it started`,
    ];
    const cure = "give etcd a disk of its own (dataDevice), or a faster one: slow disks cost leaders";
    findings.push(seconds > limit ? warn(subject, `${found}; ${limit * 1000} ms is wanted`, cure) : ok(subject, found));
  }
  return findings;
}

/** The members as those that answer see them: one cluster, the members of the config, one leader, no alarm. */
export function clusterFindings(looked: readonly Looked[]): Finding[] {
  const members = looked.filter(({ host }) => host.stages.includes("etcd"));
  const wanted = members.filter(({ host }) => !host.lost).map(({ host }) => host.name);
  const answers = members.flatMap((it) => ("seen" in it ? [{ name: it.host.name, seen: it.seen }] : []));
  const listed = answers.find(({ seen }) => lines(seen, "etcd-members").length > 0);
  if (listed === undefined) {
    return [
      fail(
        "etcd",
        "no member lists the members: there is no quorum",
        "start members until a majority runs; see docs/operations.md",
      ),
    ];
  }
  const findings: Finding[] = [];
  const list = lines(listed.seen, "etcd-members").map((line) => line.split(", "));
  const names = list.map(([, , name = "", peer]) => name || `(never started, ${peer})`).sort();
  if (names.join() === wanted.join()) findings.push(ok("etcd members", names.join(", ")));
  else findings.push(fail("etcd members", `are ${names.join(", ")}, not ${wanted.join(", ")}`, membersCure(names, wanted)));
  const ids = new Set(
    answers.flatMap(({ seen }) => /"ClusterID" : (\d+)/.exec(lines(seen, "etcd-status").join("\n"))?.[1] ?? []),
  );
  if (ids.size > 1)
    findings.push(
      fail("etcd cluster", `members belong to ${ids.size} different clusters`, "stop and ask for help: do not run up"),
    );
  const leaders = answers
    .filter(({ seen }) => metric(lines(seen, "etcd-metrics"), "etcd_server_is_leader") === 1)
    .map(({ name }) => name);
  const all = answers.length === wanted.length;
  if (leaders.length === 1) findings.push(ok("etcd leader", leaders.join()));
  else if (leaders.length > 1 || all) {
    findings.push(
      warn(
        "etcd leader",
        leaders.length === 0 ? "there is none" : `${leaders.join(" and ")} both say so`,
        "look again: an election takes a second",
      ),
    );
  }
  return [...findings, alarmFinding(answers.map(({ seen }) => lines(seen, "etcd-alarms")))];
}

function membersCure(names: readonly string[], wanted: readonly string[]): string {
  const strange = names.filter((name) => !wanted.includes(name));
  // A member that never started may be one of ours.
  return strange.length > 0 && wanted.every((name) => names.includes(name))
    ? `no host of this stack is ${strange.join(", ")}: see \`etcdctl member list\` and take it out with \`etcdctl member remove ID\``
    : `${repair}: members join again one at a time`;
}

function alarmFinding(answers: readonly (readonly string[])[]): Finding {
  const told = answers.find((all) => all.at(-1) === "-");
  if (told === undefined) return fail("etcd alarms", "no member tells them", "start members until a majority runs");
  const alarms = told.slice(0, -1).map((line) => line.replace(/^memberID:\d+ /, "").trim());
  if (alarms.length === 0) return ok("etcd alarms", "none");
  const cure = alarms.some((line) => line.includes("NOSPACE"))
    ? "raise etcd.quotaMebibytes and run up; or delete objects, which still works, and run up with another `repair`: it makes room and disarms the alarm"
    : "`etcdctl alarm disarm` on an etcd host lets clients read again; then raise the `incarnation` of the host whose member it is, and run up";
  return fail("etcd alarms", [...new Set(alarms)].join(", "), cure);
}
