import { type Finding, fail, ok, repair, size, span, warn } from "../finding.ts";
import { lines, type Observation, seenUnits } from "../observation.ts";
import type { WantedHost } from "../stack.ts";
import { wantedUnits } from "../wanted.ts";

// The host itself: whose it is, files, units, clock, disks.

/** Seconds that etcd's members complain about (rafthttp's probe of its peers' clocks). */
const clockTolerance = 1;
/** Seconds by which kube-controller-manager dates certificates back: a clock further off takes new ones for invalid. */
const clockLimit = 300;
/** Parts of a disk that are free when kubelet starts to evict pods: imagefs.available and nodefs.available. */
const diskFree = { warn: 0.15, fail: 0.1 };
/** kubelet's nodefs.inodesFree. */
const inodesFree = 0.05;

/** Whether the host carries this cluster's owner mark. */
export function ownerFindings({ owner }: WantedHost, seen: Observation): Finding[] {
  const [mark] = lines(seen, "owner");
  if (mark === owner) return [ok("owner mark", owner)];
  if (mark === undefined) return [fail("owner mark", "is missing: nothing of this cluster claims the host", repair)];
  const cure = "find out whose host this is: every stage refuses it. Reinstalled for another cluster: delete its entry here";
  return [fail("owner mark", `is ${mark}, not ${owner}`, cure)];
}

/** Files that differ from what the program would write. */
export function fileFindings({ files }: WantedHost, seen: Observation): Finding[] {
  const states = new Map(lines(seen, "files").map((line) => line.split("\t").reverse() as [string, string]));
  const sums = new Map(lines(seen, "sums").map((line) => [line.slice(66), line.slice(0, 64)]));
  const wrong = files.flatMap(({ path, mode, owner, sha256 }): Finding[] => {
    const [, seenMode, seenOwner, kind] = /^(\S+) (\S+) (.*)$/.exec(states.get(path) ?? "") ?? [];
    if (kind === undefined) return [fail(path, "is missing", repair)];
    if (!kind.startsWith("regular")) return [fail(path, `is a ${kind}, not a file`, repair)];
    const found = [
      sums.get(path) !== sha256 && "holds something else than the program wrote",
      seenMode !== mode && `has mode ${seenMode}, not ${mode}`,
      seenOwner !== owner && `belongs to ${seenOwner}, not ${owner}`,
    ].filter((text) => text !== false);
    return found.length === 0 ? [] : [fail(path, found.join(" and "), repair)];
  });
  return wrong.length > 0 ? wrong : [ok("files", `${files.length} as the program wrote them`)];
}

/** Units of the program that do not run, are not enabled or have failed, and others that have failed. */
export function unitFindings(host: WantedHost, seen: Observation): Finding[] {
  const units = seenUnits(seen);
  const wanted = wantedUnits(host);
  const inContainer = lines(seen, "virtualization").some((kind) => kind !== "none");
  const clock = (host.settings.PREPARATIONS ?? "").split(" ").includes("time_sync") && !inContainer;
  const findings: Finding[] = [];
  for (const name of clock ? [...wanted, "chrony.service"] : wanted) {
    const unit = units.get(name);
    // What a timer starts runs now and then.
    const timed = name.endsWith(".service") && wanted.includes(name.replace(/service$/, "timer"));
    const logs = `see \`journalctl -u ${name}\` there`;
    if (unit === undefined || unit.loaded !== "loaded") findings.push(fail(name, "is not known to systemd", repair));
    else if (unit.active === "failed") findings.push(fail(name, `has failed (${unit.result})`, `${logs}; then ${repair}`));
    else if (!timed && unit.active !== "active")
      findings.push(fail(name, `is ${unit.active}`, `${repair}; if it stops again, ${logs}`));
    else if (!timed && unit.enabled !== "enabled") {
      findings.push(fail(name, `is ${unit.enabled}: it will not start at boot`, `\`systemctl enable ${name}\` there`));
    } else if (unit.needsReload) {
      findings.push(
        warn(name, "has changed on the disk since systemd read it", `${repair}, or \`systemctl daemon-reload\` there`),
      );
    }
  }
  const known = new Set(findings.map(({ subject }) => subject));
  for (const name of lines(seen, "failed").filter((name) => !known.has(name))) {
    findings.push(warn(name, "has failed; it is not this program's", `see \`systemctl status ${name}\` there`));
  }
  return findings.length > 0 ? findings : [ok("units", `${wanted.join(", ")} are well`)];
}

/** The host's clock against this machine's. */
export function clockFindings(_: WantedHost, { clockOffset, clockError }: Observation): Finding[] {
  const surely = Math.abs(clockOffset) - clockError;
  const found = `${Math.abs(clockOffset).toFixed(2)} s ${clockOffset < 0 ? "behind" : "ahead of"} this machine's (± ${clockError.toFixed(2)} s)`;
  const cure = "see `chronyc tracking` there, and this machine's own clock";
  if (surely > clockLimit) return [fail("clock", found, cure)];
  return [surely > clockTolerance ? warn("clock", found, cure) : ok("clock", found)];
}

/** Disks that fill up. */
export function diskFindings(_: WantedHost, seen: Observation): Finding[] {
  const cure = "make room, or give it a larger disk: below a tenth kubelet evicts pods";
  const disks = lines(seen, "disks").map((line) => line.trim().split(/\s+/));
  const findings = disks.flatMap(([place = "", total, free, inodes, inodesLeft]): Finding[] => {
    const part = Number(free) / Number(total);
    const found = `${size(Number(free))} of ${size(Number(total))} are free (${Math.round(part * 100)} %)`;
    if (part < diskFree.fail) return [fail(`disk ${place}`, found, cure)];
    if (Number(inodesLeft) / Number(inodes) < inodesFree) {
      return [fail(`disk ${place}`, `only ${inodesLeft} of ${inodes} inodes are free`, "remove small files")];
    }
    return [part < diskFree.warn ? warn(`disk ${place}`, found, cure) : ok(`disk ${place}`, found)];
  });
  return findings.length > 0
    ? findings
    : [warn("disks", "could not be read within 10 s", "see `df` there: a network mount may hang")];
}

/** Snapshots and restore drills, as often as the config asks for them. */
export function backupFindings(host: WantedHost, seen: Observation): Finding[] {
  const timers = (host.settings.BACKUP_TIMERS ?? "").split(" ").filter(Boolean);
  if (timers.length === 0)
    return host.stages.includes("etcd") ? [warn("snapshots", "are turned off", "turn etcd.backup.enabled on")] : [];
  const units = seenUnits(seen);
  const now = Number(lines(seen, "time")[0]);
  const facts = new Map(lines(seen, "backups").map((line) => line.split("=") as [string, string]));
  const every =
    60 *
    Number(
      /^BACKUP_MINUTES=(\d+)$/m.exec(
        host.files.find(({ path }) => path === "/etc/etcd-backup/settings.env")?.content ?? "",
      )?.[1] ?? 30,
    );
  return timers.map((timer) => {
    const drill = timer.includes("drill");
    const service = timer.replace(/timer$/, "service");
    const subject = drill ? "restore drill" : "snapshot of etcd";
    // A drill is daily, up to 6 h later on some days. Snapshots may be late by what their own drill bears.
    const limit = drill ? 2 * 86_400 : 3 * every;
    const run = units.get(service);
    const last = drill ? (run?.result === "success" ? (run?.endedAt ?? 0) : 0) : Number(facts.get("taken") ?? 0);
    const cure = `see \`journalctl -u ${service}\` there; \`systemctl start ${service}\` tries again`;
    const age = now - last;
    const ahead = Number(facts.get("ahead") ?? 0);
    if (!drill && ahead > 0) {
      const found = `${ahead} of ${facts.get("count")} say that they were taken later than now`;
      return fail(
        subject,
        found,
        "set the clock there right; if it is, delete those files and their .facts: no new one is lost by them",
      );
    }
    if (last > 0) {
      const found = `the last one ${span(age)} ago${drill ? "" : `, ${facts.get("count")} kept`}`;
      return age > limit ? fail(subject, found, cure) : ok(subject, found);
    }
    // A timer that systemd has not loaded waits for nothing; that it is stopped is its own finding.
    const since = units.get(timer)?.activeSince || now;
    if (now - since > limit)
      return drill ? warn(subject, "there was none since the host started", cure) : fail(subject, "there is none", cure);
    return ok(subject, "none is due yet");
  });
}
