import { plain, Secret, same, type Tracked, type TrackedProperties } from "./values.ts";

// Property paths such as `connection.host`, `triggers[0]`, `triggers[*]`, `environment["A.B"]` and `*`.

/** A path's steps: names, indexes, and `*` for all of either. */
export type Path = readonly (string | number)[];

/** Takes a path's text apart. @throws Error for a text that is none. */
export function parsePath(text: string): Path {
  const path: (string | number)[] = [];
  const step = /(?:^|(?<=.)\.)([^.[\]"]+)|\[(\d+)\]|\[\*\]|\["((?:[^"\\]|\\.)*)"\]/y;
  while (step.lastIndex < text.length) {
    const at = step.lastIndex;
    const match = step.exec(text);
    if (match === null)
      throw new Error(`${JSON.stringify(text)} is no property path: it can't be read from character ${at + 1} on`);
    const [, name, index, quoted] = match;
    if (name !== undefined) path.push(name);
    else if (index !== undefined) path.push(Number(index));
    else path.push(quoted === undefined ? "*" : quoted.replace(/\\(.)/g, "$1"));
  }
  return path;
}

/** Whether a changed path lies at or below a pattern. */
export const covers = (pattern: Path, path: Path): boolean =>
  pattern.length <= path.length && pattern.every((step, index) => step === "*" || step === path[index]);

type Map = { readonly [key: string]: Tracked };
const asMap = (value: Tracked | undefined): Map | undefined =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Secret) ? (value as Map) : undefined;

/** Gives the places that `patterns` name the values they had: a property that is new there goes, one that went returns. */
export function ignoreChanges(now: TrackedProperties, before: TrackedProperties, patterns: readonly string[]): TrackedProperties {
  return patterns.reduce((inputs, pattern) => reset(parsePath(pattern), before, inputs) as TrackedProperties, now);
}

function reset(path: Path, before: Tracked | undefined, now: Tracked | undefined): Tracked | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return before;
  if (before === undefined || now === undefined) return now;
  if (before instanceof Secret || now instanceof Secret) {
    const inside = reset(path, before instanceof Secret ? before.value : before, now instanceof Secret ? now.value : plain(now));
    return new Secret(inside ?? null);
  }
  if (Array.isArray(before) && Array.isArray(now)) {
    const old: readonly Tracked[] = before;
    return now.map((item: Tracked, index) =>
      (step === "*" || step === index) && index < old.length ? (reset(rest, old[index], item) ?? item) : item,
    );
  }
  const [oldMap, newMap] = [asMap(before), asMap(now)];
  if (oldMap === undefined || newMap === undefined) return now;
  const keys = step === "*" ? new Set([...Object.keys(newMap), ...Object.keys(oldMap)]) : [String(step)];
  const result: { [key: string]: Tracked } = { ...newMap };
  for (const key of keys) {
    const value = reset(rest, oldMap[key], newMap[key]);
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return result;
}

/** The paths at which two values differ, as deep as both are of the same kind. Unknown differs from everything. */
export function changedPaths(before: Tracked | undefined, now: Tracked | undefined, path: Path = []): Path[] {
  if (before !== undefined && now !== undefined && same(before, now)) return [];
  const a: Tracked | undefined = before instanceof Secret ? before.value : before;
  const b: Tracked | undefined = now instanceof Secret ? now.value : now;
  if (Array.isArray(a) && Array.isArray(b)) {
    return Array.from({ length: Math.max(a.length, b.length) }, (_, index) =>
      changedPaths(a[index], b[index], [...path, index]),
    ).flat();
  }
  const [oldMap, newMap] = [asMap(a), asMap(b)];
  if (oldMap === undefined || newMap === undefined) return [path];
  const keys = new Set([...Object.keys(oldMap), ...Object.keys(newMap)]);
  return [...keys].flatMap((key) => changedPaths(oldMap[key], newMap[key], [...path, key]));
}
