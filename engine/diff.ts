import type { Step } from "./progress.ts";
import { unknown } from "./providers/provider.ts";
import { encodeHidden, hasSecret, same, type Tracked } from "./values.ts";

// What a preview shows of a step: property by property, long texts line by line, secrets as [secret].

/** Characters of a value that are shown on one line. */
const width = 160;

/** The lines that say what a step changes. A create shows nothing but its name. */
export function diffLines(step: Step): string[] {
  const { before, after, operation } = step;
  if ((operation !== "update" && operation !== "replace") || before === undefined || after === undefined) return [];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !key.startsWith("__"));
  return keys.flatMap((key) => propertyLines(key, before[key], after[key]));
}

function propertyLines(key: string, before: Tracked | undefined, after: Tracked | undefined): string[] {
  if (before !== undefined && after !== undefined && same(before, after)) return [];
  if (isText(before) && isText(after) && (before + after).includes("\n")) {
    return [`${key}:`, ...lineDiff(before.split("\n"), after.split("\n")).map((line) => `  ${line}`)];
  }
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((inner) => propertyLines(`${key}.${inner}`, before[inner], after[inner]));
  }
  if (before === undefined) return [`${key}: + ${show(after ?? null)}`];
  if (after === undefined) return [`${key}: - ${show(before)}`];
  const [old, now] = [show(before), show(after)];
  return [`${key}: ${old} → ${now}${old === now && hasSecret(after) ? " (changed)" : ""}`];
}

const isText = (value: Tracked | undefined): value is string => typeof value === "string";
const isMap = (value: Tracked | undefined): value is { readonly [key: string]: Tracked } =>
  value !== null && typeof value === "object" && !Array.isArray(value) && Object.getPrototypeOf(value) === Object.prototype;

function show(value: Tracked): string {
  if (value === unknown) return "(known after up)";
  const text = JSON.stringify(encodeHidden(value)).replaceAll(`"[secret]"`, "[secret]");
  return text.length <= width ? text : `${text.slice(0, width)} … (${text.length} characters)`;
}

/** The lines that differ, `-` before and `+` after, by the longest common part. */
export function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  return common(a, b).map((line) => (line.length <= width ? line : `${line.slice(0, width)} …`));
}

/** Longest common subsequence; texts with more than a million pairs of lines are shown as wholly changed. */
function common(a: readonly string[], b: readonly string[]): string[] {
  if (a.length * b.length > 1_000_000) return [...a.map((line) => `- ${line}`), ...b.map((line) => `+ ${line}`)];
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const row = lengths[i] as Uint32Array;
    for (let j = b.length - 1; j >= 0; j--) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i++;
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${a[i++]}`);
    else lines.push(`+ ${b[j++]}`);
  }
  return lines;
}
