// What the script on a host said, taken apart.

/** How a host is, as hosts/tools/check/check.sh told it. */
export interface Observation {
  /** Lines by section; no section for what the host was not asked. */
  sections: Readonly<Record<string, readonly string[]>>;
  /** Seconds by which the host's clock is ahead of this machine's, negative where it is behind. */
  clockOffset: number;
  /** Seconds by which that may be wrong: half of the round trip. */
  clockError: number;
}

/**
 * Reads what the script printed. `asked` and `answered` are this machine's clock in seconds, before the script was sent and when its
 * first words came.
 *
 * @throws Error where it did not come to its end
 */
export function readObservation(text: string, asked: number, answered: number): Observation {
  const sections: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of text.split("\n")) {
    const [, name] = /^@@ (\S+)$/.exec(line) ?? [];
    if (name !== undefined) {
      current = [];
      sections[name] = current;
    } else current.push(line);
  }
  if (sections.end === undefined)
    throw new Error(`the script on the host ended early, in ${Object.keys(sections).at(-1) ?? "its first line"}`);
  const clockError = (answered - asked) / 2;
  return { sections, clockOffset: Number(sections.time?.[0] ?? Number.NaN) - (asked + clockError), clockError };
}

/** A section's lines but for empty ones; none where it is not there. */
export const lines = ({ sections }: Observation, name: string): readonly string[] =>
  (sections[name] ?? []).filter((line) => line !== "");

/** Lines `NAME=value` as a record. */
export const pairs = (all: readonly string[]): Record<string, string> =>
  Object.fromEntries(all.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));

/** The texts after lines `file PATH`, by path. */
export function byFile(all: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  let path = "";
  for (const line of all) {
    if (line.startsWith("file ")) {
      path = line.slice("file ".length);
      files.set(path, "");
    } else files.set(path, `${files.get(path) ?? ""}${line}\n`);
  }
  return files;
}

/** A unit as systemctl shows it. */
export interface SeenUnit {
  loaded: string;
  active: string;
  enabled: string;
  result: string;
  pid: number;
  /** Seconds since 1970 when it last became active; 0: never. */
  activeSince: number;
  /** Seconds since 1970 when it last ended; 0: never. */
  endedAt: number;
  needsReload: boolean;
}

/** Every unit that was asked for, by name. */
export function seenUnits(seen: Observation): Map<string, SeenUnit> {
  const units = new Map<string, SeenUnit>();
  const seconds = (text = "") => Number(text.replace("@", "")) || 0;
  // An empty line ends a unit.
  for (const block of (seen.sections.units ?? []).join("\n").split(/\n{2,}/)) {
    const is = pairs(block.split("\n"));
    if (is.Id === undefined) continue;
    units.set(is.Id, {
      loaded: is.LoadState ?? "",
      active: is.ActiveState ?? "",
      enabled: is.UnitFileState ?? "",
      result: is.Result ?? "",
      pid: Number(is.MainPID ?? 0),
      activeSince: seconds(is.ActiveEnterTimestamp),
      endedAt: seconds(is.InactiveEnterTimestamp),
      needsReload: is.NeedDaemonReload === "yes",
    });
  }
  return units;
}
