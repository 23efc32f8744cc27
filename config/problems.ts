/** One mistake in a config, in words a person can act on. */
export interface Problem {
  /** Path of the key, such as `cluster.hosts.m1.address`. */
  key: string;
  /** What was found there, to follow the key: `is "10.77.0.300"`, `is missing`, `has 4 hosts of role etcd: m1, …`. Never a secret. */
  found: string;
  /** What would be right there. */
  allowed: string;
  /** What to do, where `allowed` doesn't say it already. */
  cure?: string;
}

/** Path of a key in messages: `cluster` is the root, list positions are in brackets. */
export function keyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    "cluster",
  );
}

/** What a PEM private key starts with, whatever its kind. */
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Whether a text holds a private key; such a text is never shown. */
export function holdsPrivateKey(text: string): boolean {
  return privateKey.test(text);
}

const longestShown = 80;

/** A value in a message: JSON, shortened, with a private key left out. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  if (holdsPrivateKey(text)) return "a private key (not shown)";
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** A count and its noun: `1 host`, `3 hosts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The text of one problem, without a trailing newline. */
export function problemText({ key, found, allowed, cure }: Problem): string {
  return [`${key} ${found}`, `    allowed: ${allowed}`, ...(cure === undefined ? [] : [`    cure: ${cure}`])].join("\n");
}

/** The one message that names every problem, in the order given. The title says that nothing was touched. */
export function problemsText(title: string, problems: readonly Problem[]): string {
  return [
    `${title} (${counted(problems.length, "problem")}):`,
    ...problems.map((p) => `  - ${problemText(p).replaceAll("\n", "\n  ")}`),
  ].join("\n");
}

/** The candidate that a mistyped word most likely meant: the only one that it begins, or one of which at most a third of its letters differ. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const begun = word.length < 3 ? [] : candidates.filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
  if (begun.length === 1) return begun[0];
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

/** Letters to insert, delete, change or swap with the next one, to make one word of the other. */
function editDistance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (before[j - 2] as number) + 1 : changed;
      next.push(Math.min(changed, swapped, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] as number;
}
