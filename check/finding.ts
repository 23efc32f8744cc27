// What a check finds, and how bad that is.

/** OK: as it should be. WARN: works, and wants a look. FAIL: is not what the program would make, or does not work. */
export type Level = "OK" | "WARN" | "FAIL";

/** One thing that was looked at. */
export interface Finding {
  level: Level;
  /** The inspected thing, such as a path or a unit. */
  subject: string;
  /** How it is. */
  found: string;
  /** What to do about it; with every WARN and FAIL. */
  cure?: string;
}

/** The finding of something that is as it should be. */
export const ok = (subject: string, found: string): Finding => ({ level: "OK", subject, found });
/** The finding of something that works and wants a look. */
export const warn = (subject: string, found: string, cure: string): Finding => ({ level: "WARN", subject, found, cure });
/** The finding of something that is wrong. */
export const fail = (subject: string, found: string, cure: string): Finding => ({ level: "FAIL", subject, found, cure });

/** What mends everything that the program itself put on a host. */
export const repair =
  "give the config another `repair`, such as today's date, and run up: it mends what differs and nothing else";

/** A number of bytes for people. */
export function size(bytes: number): string {
  const power = Math.min(3, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${(bytes / 1024 ** power).toFixed(power < 2 ? 0 : 1)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

/** A number of seconds for people. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.floor(seconds / 86_400)} days`;
}
