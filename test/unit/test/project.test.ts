import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";

// The files that serve the project rather than the program: what they name must exist.

const project = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, project), "utf8");

test("workflows call scripts that package.json has", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const called = readdirSync(new URL(".github/workflows/", project)).flatMap((name) =>
    [...read(`.github/workflows/${name}`).matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, script]) => script ?? ""),
  );
  assert.ok(
    ["lint", "test:unit", "test:e2e"].every((script) => called.includes(script)),
    called.join(" "),
  );
  assert.deepEqual(
    called.filter((script) => !(script in scripts)),
    [],
  );
});

test("no file in the project's folder has the name of a word that a shell took for a place to write to", () => {
  const odd = readdirSync(project).filter((name) => !/^[\w.@+-]+$/.test(name));
  assert.deepEqual(odd, []);
});

test("dependabot looks where the lists of dependencies are", () => {
  const lists: Record<string, string> = { npm: "package.json", gomod: "go.mod", pip: "requirements.txt" };
  const { updates } = parse(read(".github/dependabot.yml"));
  for (const { "package-ecosystem": ecosystem, directory } of updates) {
    const file = `.${directory}/${lists[ecosystem] ?? ""}`;
    assert.ok(ecosystem === "github-actions" || existsSync(new URL(file, project)), `${ecosystem}: there is no ${file}`);
  }
});

test(".nvmrc names the major version of the Node that the program runs on", () => {
  const [major] = JSON.parse(read("package.json")).dependencies.node.split(".");
  assert.equal(read(".nvmrc").trim(), major);
});

test("the changelog has the version of package.json", () => {
  assert.match(read("CHANGELOG.md"), new RegExp(`^## ${JSON.parse(read("package.json")).version} - \\d{4}-\\d\\d-\\d\\d$`, "m"));
});

/** The anchor that a heading gets when a repository host renders it. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

test("links in documents lead to files and headings that exist", () => {
  const broken = globSync(["*.md", "docs/**/*.md", ".github/**/*.md"], { cwd: project.pathname }).flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([link, path = "", heading]) => {
      const target = path === "" ? document : new URL(path, new URL(document, project)).pathname.slice(project.pathname.length);
      if (!existsSync(new URL(target, project))) return [`${document}: ${link}`];
      const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, text]) => anchor(text ?? ""));
      return heading === undefined || headings.includes(heading) ? [] : [`${document}: ${link}`];
    }),
  );
  assert.deepEqual(broken, []);
});

/** Put into messages where these stand, or said by etcd. */
const composed =
  /…|\d+|\b[A-Z]{4,}\b|waiting for|network\.\w+|cluster\.artifacts|(?<=certificate) (?=starts)|database space exceeded/;

test("the messages that documents explain are those of the program", () => {
  const folders = "{addons,artifacts,check,components,config,engine,hosts,keys,lab,plugins,providers}";
  const plain = (text: string) => text.replace(/["'`\\]/g, "").replace(/\s+/g, " ");
  const program = plain(
    globSync(`${folders}/**/*.{ts,sh}`, { cwd: project.pathname })
      .map(read)
      .join("\n")
      .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}|\$\w+/g, ""),
  );
  const explained = ["docs/operations.md", "docs/lab.md"].flatMap((document) => {
    const [table = ""] =
      read(document)
        .split(/^\| message \|/m)[1]
        ?.split("\n\n") ?? [];
    return table
      .split("\n")
      .flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? ""));
  });
  const parts = explained.flatMap((message) => message.split(composed).map((part) => plain(part).replace(/^\W+|\W+$/g, "")));
  assert.ok(explained.length > 60, `${explained.length} messages`);
  assert.deepEqual(
    parts.filter((part) => part.includes(" ") && !program.includes(part)),
    [],
  );
});
