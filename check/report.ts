import { type Certificate, certificateFindings } from "./certificates.ts";
import { type Finding, fail, type Level, ok, warn } from "./finding.ts";
import { clusterFindings, memberFindings } from "./findings/etcd.ts";
import { backupFindings, clockFindings, diskFindings, fileFindings, ownerFindings, unitFindings } from "./findings/host.ts";
import { kubeconfigFindings, manifestFindings, programFindings } from "./findings/integrity.ts";
import { addressFindings, nodeFindings, serverFindings } from "./findings/kubernetes.ts";
import { lostFindings } from "./findings/lost.ts";
import { objectFindings } from "./findings/objects.ts";
import { portFindings, versionFindings } from "./findings/programs.ts";
import {
  arrayFindings,
  keepalivedFindings,
  shutdownFindings,
  swapFindings,
  sysctlFindings,
  tableFindings,
} from "./findings/system.ts";
import type { Looked } from "./observe.ts";
import type { WantedHost, WantedStack } from "./stack.ts";

// Turns observations into the report.

/** The findings at one place: a host, or `cluster` for findings of no single host. */
export interface PlaceReport {
  place: string;
  /** False where the host did not answer. */
  checked: boolean;
  findings: Finding[];
}

/** A whole check. */
export interface Report {
  stack: string;
  /** ISO 8601. */
  time: string;
  counts: Record<Level, number>;
  places: PlaceReport[];
}

const severity: Readonly<Record<Level, number>> = { FAIL: 0, WARN: 1, OK: 2 };
const hostChecks = [
  ownerFindings,
  fileFindings,
  unitFindings,
  versionFindings,
  programFindings,
  manifestFindings,
  kubeconfigFindings,
  sysctlFindings,
  swapFindings,
  arrayFindings,
  tableFindings,
  shutdownFindings,
  keepalivedFindings,
  portFindings,
  memberFindings,
  backupFindings,
  serverFindings,
  clockFindings,
  diskFindings,
];

/** Judges all that was seen. `now`: milliseconds since 1970. */
export function judge(name: string, stack: WantedStack, looked: readonly Looked[], now: number): Report {
  const ofNodes = nodeFindings(looked);
  const hosts = looked.map((it): PlaceReport => {
    const { host } = it;
    if (!("seen" in it))
      return { place: host.name, checked: false, findings: [unreachable(host, it.error), ...(ofNodes.get(host.name) ?? [])] };
    const own = hostChecks.flatMap((check) => check(host, it.seen));
    const findings = [...own, ...certificateFindings(stack, host, it.seen, now), ...(ofNodes.get(host.name) ?? [])];
    return { place: host.name, checked: true, findings: sorted(findings) };
  });
  const given = stack.hosts.filter(({ lost }) => lost).map(({ name }) => name);
  const cluster = [
    ...clusterFindings(looked),
    ...addressFindings(looked),
    ...(ofNodes.get("cluster") ?? []),
    ...objectFindings(looked),
    ...(given.length > 0
      ? [warn("lost hosts", `${given.join(", ")} were not looked at`, "delete their entries once `up` has forgotten them")]
      : []),
    ...lostFindings(stack.lostCredentials),
    ...(stack.unfinished
      ? [warn("state", "the last run was cut off, or one is running now", "run up, then look again")]
      : [ok("state", "the last run came to its end")]),
  ];
  const places = [{ place: "cluster", checked: true, findings: sorted(cluster) }, ...hosts];
  const counts = { OK: 0, WARN: 0, FAIL: 0 };
  for (const { level } of places.flatMap(({ findings }) => findings)) counts[level] += 1;
  // The worst first; equal ones keep their order.
  const worst = ({ findings }: PlaceReport) => Math.min(...findings.map(({ level }) => severity[level]));
  return { stack: name, time: new Date(now).toISOString(), counts, places: places.sort((a, b) => worst(a) - worst(b)) };
}

const sorted = (findings: Finding[]): Finding[] => findings.sort((a, b) => severity[a.level] - severity[b.level]);

function unreachable({ name }: WantedHost, error: string): Finding {
  const found = `could not be looked at: ${error}`;
  // It lives, and nobody should give it up for a key that changed.
  if (error.includes("refuses the login"))
    return fail(
      "connection",
      found,
      "put the user and key that the host lets in in the config and run up: check logs in as the last up did",
    );
  return fail(
    "connection",
    found,
    `start the host or mend its network, and look again; gone for good: hosts.${name}.lost in the config`,
  );
}

/** 2: a host could not be looked at, so the rest says too little. 1: something failed. 0: nothing did. */
export function exitStatus({ places, counts }: Report): number {
  if (places.some(({ checked }) => !checked)) return 2;
  return counts.FAIL > 0 ? 1 : 0;
}

/** The report for people: the worst first, and for each thing that is wrong what to do. */
export function reportText({ stack, counts, places }: Report): string {
  const lines = places.flatMap(({ place, findings }) => [
    place,
    ...findings.flatMap(({ level, subject, found, cure }) => [
      `  ${level.padEnd(4)}  ${subject}: ${found}`,
      ...(cure === undefined ? [] : [`        → ${cure}`]),
    ]),
    "",
  ]);
  const hosts = places.filter(({ place }) => place !== "cluster");
  const missed = hosts.filter(({ checked }) => !checked).length;
  const seen = `${hosts.length - missed} of ${hosts.length} hosts looked at`;
  return [...lines, `stack ${stack}: ${counts.FAIL} FAIL, ${counts.WARN} WARN, ${counts.OK} OK; ${seen}`].join("\n");
}

/** Certificates as a table, those that end first at the top, and what to do about those that want it. */
export function certificatesText(all: readonly Certificate[], errors: readonly string[]): string {
  const rows = all.map(({ daysLeft, validUntil, place, name, serial }) => [
    String(daysLeft),
    validUntil.slice(0, 16),
    place,
    name,
    serial,
  ]);
  const table = [["days", "until (UTC)", "where", "certificate", "serial"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padStart(widths[0] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const soon = all.filter(({ state }) => state !== "valid");
  const advice = soon.map(({ place, name, state, cure }) => `WARN  ${place}: ${name} is ${state}\n      → ${cure}`);
  const summary = `${all.length} certificates, ${soon.length} to be renewed`;
  return [...lines, "", ...advice, ...errors.map((error) => `FAIL  ${error}`), summary].join("\n");
}
