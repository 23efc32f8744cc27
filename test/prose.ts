import { globSync, readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";

// npm run lint:prose [-- FOLDER...]: finds words that cost an English reader a second reading, and lines of docs that are too long.
// With folders, it also looks at their code.

/** Folders whose comments, messages and titles must not have the words below. Neither must documents, wherever they are. */
const folders: readonly string[] = [
  "addons",
  "artifacts",
  "check",
  "components",
  "config",
  "engine",
  "hosts",
  "providers",
  "plugins",
  "keys",
  "lab",
  "bench",
  "examples",
  "test/aws",
  "test/e2e",
  "test/harness",
  "test/unit",
];
const onHosts = "is a file on hosts: a new comment would make its stage run again";
/** Files that keep the odd words in them, and why. */
const kept: Readonly<Record<string, string>> = {
  "hosts/stages/balancer/haproxy/haproxy.ts": onHosts,
  "hosts/stages/prepare/firewall/tables.sh": onHosts,
  "hosts/tools/etcd/backup.ts": onHosts,
  "test/unit/test/prose.test.ts": "holds samples of odd words",
};
/** Generated from the schema, whose text lies in config/. */
const generated = "docs/config.md";
const docsWidth = 120;

/** Each pattern with the way out. A space also stands for the end of a line and the sign that begins a comment's next line. */
const words: readonly (readonly [pattern: string, instead: string])[] = [
  ["\\banew\\b", "again, new"],
  ["\\bwhoever\\b", "anyone who, the host that"],
  ["\\b(?:of|from) before\\b", "previous, earlier, old"],
  ["\\ban own\\b", "its own, a separate"],
  ["\\ban? (?!bit|few|little|lot)[a-z-]+ (?:more|less)\\b(?! (?:than|often|[a-z]+ly))", "another, one more, to add or to remove"],
  ["(?<!\\bthere )\\b(?:is|are|was|were) no (?!longer\\b|more\\b|one\\b)", "is not a, there is no, has no"],
  ["\\bwhat is there\\b", "the existing, what exists"],
  ["\\bwho waits?\\b", "the one that waits, which waits"],
  [
    "(?<!\\b(?:says?|said|sees?|knows?|shows?|tells?|told|asks?|finds?|out|about|explains?|describes?|records?|lists?|reads?) )\\bwhat (?:is|was|are|were)\\b(?![^.]*\\?)",
    "name the thing: the file that changed, the removed host",
  ],
  ["(?<!\\b(?:would|could|might|will|or|and|says?) )(?<=[a-z] )otherwise\\b", "differently, in another way"],
  ["\\b(?:these|those|they) are they\\b", "these are the ones"],
  ["\\bfor ever\\b", "forever, until it succeeds"],
  ["\\b(?:behaviou|colou|favou|honou|neighbou)rs?\\b", "American spelling: -or"],
  [
    "\\b(?:recogn|organ|initial|synchron|normal|serial|summar|minim|maxim|optim|custom|author)is(?:e[sd]?|ing|ation)\\b",
    "American spelling: -ize",
  ],
  ["\\b(?:licence|centre|whilst)\\b", "American spelling: license, center, while"],
];
const lineEnd = "(?: |\\n[ \\t]*(?:(?:\\/\\/|\\*|#|>)[ \\t]*)?(?![ \\t*]))";
const patterns = words.map(([pattern, instead]) => [new RegExp(pattern.replaceAll(" ", lineEnd), "gi"), instead] as const);

export interface Finding {
  line: number;
  found: string;
  instead: string;
}

/** The words of a text that are not plain English. Code in backticks of a document is left out: it quotes messages and names. */
export function oddWords(path: string, text: string): Finding[] {
  const read = path.endsWith(".md") ? text.replace(/`[^`\n]+`/g, (code) => "`".repeat(code.length)) : text;
  return patterns.flatMap(([pattern, instead]) =>
    [...read.matchAll(pattern)].map((match) => ({
      line: read.slice(0, match.index).split("\n").length,
      found: match[0].replace(/\s+/g, " "),
      instead,
    })),
  );
}

/** Lines of a document's prose that are longer than they should be. Tables, code and headings can't wrap. */
export function longLines(text: string): Finding[] {
  let inCode = false;
  return text.split("\n").flatMap((line, index) => {
    if (/^\s*```/.test(line)) inCode = !inCode;
    if (inCode || line.length <= docsWidth || /^(\||#| {4}|<!--)/.test(line)) return [];
    return [{ line: index + 1, found: `${line.length} characters`, instead: `wrap at ${docsWidth}` }];
  });
}

/**
 * Every finding in documents and in the code of these folders, each as one line that begins with file and line.
 *
 * @throws Error if one of `more` is not a folder
 */
export function proseFindings(more: readonly string[] = []): string[] {
  const cwd = new URL("../", import.meta.url).pathname;
  const unknown = more.find((folder) => !statSync(`${cwd}${folder}`, { throwIfNoEntry: false })?.isDirectory());
  if (unknown !== undefined) throw new Error(`${unknown} is not a folder of this project`);
  const docs = globSync(["*.md", "docs/**/*.md", ".github/**/*.md"], { cwd }).filter((path) => path !== generated);
  const code = globSync(
    [...folders, ...more].flatMap((folder) => [`${folder}/**/*.{ts,mjs,sh,yaml,go}`, `${folder}/**/files/**/*`]),
    { cwd, withFileTypes: true },
  )
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(cwd.length));
  return [...docs, "index.ts", ...new Set(code)]
    .filter((path) => kept[path] === undefined)
    .sort()
    .flatMap((path) => {
      const text = readFileSync(`${cwd}${path}`, "utf8");
      const found = [...oddWords(path, text), ...(path.endsWith(".md") ? longLines(text) : [])];
      return found.sort((a, b) => a.line - b.line).map((each) => `${path}:${each.line}: ${each.found} (${each.instead})`);
    });
}

const usage =
  "npm run lint:prose [-- FOLDER...]: checks the documents and the code of this project, and the code in FOLDER, too.";

if (import.meta.main) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean", short: "h" } } });
  if (values.help) {
    console.log(usage);
    process.exit();
  }
  const findings = proseFindings(positionals);
  if (findings.length > 0) console.error(findings.join("\n"));
  process.exitCode = findings.length > 0 ? 1 : 0;
}
