/** One mistake in a config, in words a person can act on. */
export interface Problem {
  /** Path of the key, such as `cluster.hosts.m1.address`. */
  key: string;
  /** The mistake, worded to follow the key: `is "10.77.0.300"`, `is missing`, `has 4 hosts of role etcd: m1, …`. Never a secret. */
  found: string;
  /** The values that are allowed there. */
  allowed: string;
  /** What to do, where `allowed` doesn't say it already. */
  cure?: string;
}

/** A list of one problem, as checks return it. */
export const oneProblem = (key: string, found: string, allowed: string, cure?: string): Problem[] => [
  { key, found, allowed, ...(cure !== undefined && { cure }) },
];

/** A text with every character escaped but those of ASCII that print: what can't be seen, looks like another or moves the cursor. */
export const visible = (text: string): string =>
  text.replace(/[^\x20-\x7e]/gu, (character) => {
    const code = character.codePointAt(0) as number;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });

/** Path of a key in messages: `cluster` is the root, list positions are in brackets, secrets of URLs are left out, names that don't show as they are in quotes. */
export function keyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name: string = JSON.parse(masked(JSON.stringify(String(part))));
    return `${text}.${/^[\x21-\x7e]+$/.test(name) ? name : visible(JSON.stringify(name))}`;
  }, "cluster");
}

/** What a PEM private key starts with, whatever its kind. */
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Whether a text holds a private key; such a text is never shown. */
export function holdsPrivateKey(text: string): boolean {
  return privateKey.test(text);
}

const longestShown = 80;

/** A text, perhaps in JSON, without the logins and queries of URLs, where passwords and tokens are. */
const masked = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)(?:[^\s"\\]|\\.)*@/gi, "$1***@")
    .replace(/(^|[\s",[{(/=])[^\s"@/:,*\\]+:(?!\/\/)(?:[^\s"\\]|\\.)*@/g, "$1***@")
    .replace(/(:\/\/(?:[^\s"\\?#]|\\.)*[?#])(?:[^\s"\\]|\\.)+/g, "$1***")
    .replace(/\?(?:[^\s"\\=]|\\.)*=(?:[^\s"\\]|\\.)*/g, "?***");

/** Whether a text holds a URL with a password. */
export const holdsPassword = (text: string): boolean => /[a-z][a-z0-9+.-]*:\/\/[^\s"@/:?#]*:[^\s"@?#]+@/i.test(text);

/** A value in a message: JSON, shortened, with private keys, logins and queries of URLs left out. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = visible(masked(JSON.stringify(value)));
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
    ...grouped(problems).map((text) => `  - ${text.replaceAll("\n", "\n  ")}`),
  ].join("\n");
}

/** So many problems of one kind are told in full. */
const toldOfKind = 3;

/** The texts of problems in their order. Of many that differ in a name or number only, the first ones and how many more there are. */
export function grouped(problems: readonly Problem[]): string[] {
  const kinds = Map.groupBy(problems, kindOf);
  return problems.flatMap((problem) => {
    const all = kinds.get(kindOf(problem)) as Problem[];
    const index = all.indexOf(problem);
    // One more would take as many lines as saying that there is one.
    if (index < toldOfKind || all.length === toldOfKind + 1) return [problemText(problem)];
    if (index > toldOfKind) return [];
    const keys = all.slice(toldOfKind).map(({ key }) => key);
    const named = keys.slice(0, toldOfKind).join(", ");
    return [`${named}${keys.length > toldOfKind ? ", …" : ""}: ${keys.length} more like the last one`];
  });
}

/** What two problems have in common that differ in a host, pool, value or number. */
const kindOf = ({ key, found, allowed }: Problem): string =>
  [key.replace(/^cluster\.(hosts|pools)\..*\.(?=[^.]+$)/, "$1 "), found, allowed]
    .map((text) => text.replace(/"[^"]*"/g, '""').replace(/\d+/g, "0"))
    .join("\n");

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
