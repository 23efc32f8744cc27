import { counted } from "../../config/problems.ts";
import { sameInitiators, sameMachines } from "../../hosts/stages/preflight/answers.ts";
import { cureOf } from "../../providers/baremetal/first-look.ts";
import type { Answer } from "./ask.ts";

// Turns what hosts said of themselves, and what shows only beside each other, into the report.

/** A warning, by the name that `preflight.accept` takes. */
export interface Warning {
  name: string;
  text: string;
  accepted: boolean;
}

/** One host, or `all hosts` for findings of no single host. */
export interface PreflightPlace {
  place: string;
  /** False where the host did not answer; `problems` says why. */
  looked: boolean;
  problems: string[];
  warnings: Warning[];
  notes: string[];
}

/** The whole report. */
export interface PreflightReport {
  stack: string;
  /** ISO 8601. */
  time: string;
  counts: { problems: number; warnings: number; accepted: number; hosts: number; looked: number };
  places: PreflightPlace[];
}

/** Seconds by which clocks may differ: etcd warns of more between its members (its constant maxClockDifference). */
const MAXIMUM_SKEW = 1;

/** Judges all answers. `now`: milliseconds since 1970. */
export function preflightReport(stack: string, answers: readonly Answer[], now: number): PreflightReport {
  const hosts = answers.map(placeOf);
  const said = answers.flatMap((it) => ("text" in it ? [[it.host.name, it.text] as const] : []));
  const all: PreflightPlace = {
    place: "all hosts",
    looked: true,
    problems: [...sameMachines(said), ...sameInitiators(said)],
    warnings: answers.flatMap(clockWarnings),
    notes: [],
  };
  const places = [...(all.problems.length + all.warnings.length > 0 ? [all] : []), ...hosts];
  const warnings = places.flatMap((place) => place.warnings);
  const counts = {
    problems: places.reduce((sum, { problems }) => sum + problems.length, 0),
    warnings: warnings.filter(({ accepted }) => !accepted).length,
    accepted: warnings.filter(({ accepted }) => accepted).length,
    hosts: hosts.length,
    looked: hosts.filter(({ looked }) => looked).length,
  };
  return { stack, time: new Date(now).toISOString(), counts, places };
}

function placeOf(answer: Answer): PreflightPlace {
  const place = answer.host.name;
  if (!("text" in answer)) return { place, looked: false, problems: [withCure(answer.error)], warnings: [], notes: [] };
  const { text, host } = answer;
  const starting = (word: string) => [...text.matchAll(new RegExp(`^${word} (.*)$`, "gm"))].map(([, rest = ""]) => rest);
  const warnings = starting("warning").map((line): [string, string] => [
    line.slice(0, line.indexOf(": ")),
    line.slice(line.indexOf(": ") + 2),
  ]);
  const [mtu = "", link = ""] = (starting("mtu")[0] ?? "").split(" ");
  const narrow = starting("path").flatMap((line) => (line.endsWith(" small") ? [line.split(" ")[0] ?? ""] : []));
  if (narrow.length > 0)
    warnings.push([
      "path-mtu",
      `packets of ${mtu} bytes, as ${link} sends them, do not reach ${narrow.join(", ")}, and smaller ones do: give ${link} the smallest MTU on the way, or mend what drops them`,
    ]);
  return {
    place,
    looked: true,
    problems: starting("problem"),
    warnings: warnings.map(([name, text]) => ({ name, text, accepted: host.accepted.includes(name) })),
    notes: [...starting("note"), ...(text.includes("\nprepared yes\n") ? ["it is prepared: warnings do not stop it"] : [])],
  };
}

/** Why a host could not be looked at, and what helps: the same words as before an `up`. */
function withCure(error: string): string {
  const cure = cureOf(error);
  return cure === undefined ? error : `${error}. ${cure}`;
}

/** A host's clock beside this machine's. The answer may have taken long, so only a certain difference counts. */
function clockWarnings(answer: Answer): Warning[] {
  if (!("text" in answer)) return [];
  const clock = Number(/^clock (\S+)$/m.exec(answer.text)?.[1]);
  const ahead = clock > answer.answered ? clock - answer.answered : Math.min(clock - answer.asked, 0);
  if (!(Math.abs(ahead) > MAXIMUM_SKEW)) return [];
  const text = `the clock of ${answer.host.name} is ${Math.abs(ahead).toFixed(1)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's: set the wrong one (hostPreparation.timeSync keeps hosts in step)`;
  return [{ name: "clock-skew", text, accepted: answer.host.accepted.includes("clock-skew") }];
}

/** 2: a host could not be looked at. 1: a problem, or a warning that nobody has accepted. 0: neither. */
export function preflightStatus({ counts }: PreflightReport): number {
  if (counts.looked < counts.hosts) return 2;
  return counts.problems + counts.warnings > 0 ? 1 : 0;
}

/** The report for people. */
export function preflightText({ stack, counts, places }: PreflightReport): string {
  const lines = places.flatMap(({ place, problems, warnings, notes }) => [
    problems.length + warnings.length + notes.length === 0 ? `${place}: passed` : place,
    ...problems.map((text) => `  PROBLEM  ${text}`),
    ...warnings.map(({ name, text, accepted }) => `  ${accepted ? "accepted" : "WARNING "} ${name}: ${text}`),
    ...notes.map((text) => `  note     ${text}`),
  ]);
  const accept =
    counts.warnings > 0
      ? ["", "Mend the cause of a warning, or accept the warning by its name: preflight.accept, for all hosts or for one."]
      : [];
  const accepted = counts.accepted > 0 ? ` (and ${counts.accepted} accepted)` : "";
  return [
    ...lines,
    ...accept,
    "",
    `stack ${stack}: ${counted(counts.problems, "problem")}, ${counted(counts.warnings, "warning")}${accepted}; ${counts.looked} of ${counted(counts.hosts, "host")} looked at, nothing was changed`,
  ].join("\n");
}
