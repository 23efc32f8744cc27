import { encodeHidden, encodePlain, type TrackedProperties } from "./values.ts";

/** The stack's outputs for people; secrets as `[secret]` unless they are to be shown. */
export function outputLines(outputs: TrackedProperties, showSecrets: boolean): string[] {
  const names = Object.keys(outputs).sort();
  if (names.length === 0) return [];
  const longest = Math.max(...names.map((name) => name.length));
  const line = (name: string) => `  ${name.padEnd(longest)}  ${text(outputs, name, showSecrets)}`;
  return ["outputs:", ...names.map(line)];
}

/** All outputs as JSON. */
export function outputsJson(outputs: TrackedProperties, showSecrets: boolean): string {
  return JSON.stringify(showSecrets ? encodePlain(outputs) : encodeHidden(outputs), null, 2);
}

/** One output: a text as it is, everything else as JSON. @throws Error when there is none of that name. */
export function outputText(outputs: TrackedProperties, name: string, showSecrets: boolean, json: boolean): string {
  if (!Object.hasOwn(outputs, name)) {
    throw new Error(`the stack has no output ${name}; it has ${Object.keys(outputs).sort().join(", ") || "none"}`);
  }
  const value = outputs[name] ?? null;
  const shown = showSecrets ? encodePlain(value) : encodeHidden(value);
  return typeof shown === "string" && !json ? shown : JSON.stringify(shown, null, json ? 2 : 0);
}

const text = (outputs: TrackedProperties, name: string, showSecrets: boolean) =>
  outputText(outputs, name, showSecrets, false).replaceAll("\n", "\n    ");
