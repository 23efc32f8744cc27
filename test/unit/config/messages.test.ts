import { test } from "node:test";
import { refuseChanges } from "../../../config/changes.ts";
import { parseCluster } from "../../../config/parse.ts";
import { type Problem, problemText } from "../../../config/problems.ts";
import { providerOf } from "../../../config/provider.ts";
import { golden } from "../../harness/golden.ts";
import { clusterFrom, known, type Written } from "../../harness/samples.ts";
import { badConfigs } from "./bad.ts";
import type { RefusedChange } from "./changes-samples.ts";
import { allRefusals, allRules, allWarnings, readable } from "./every-rule.ts";
import { firstUps, refusedChanges } from "./refused.ts";
import { warnedAddresses } from "./warned.ts";
import { warnedSettings, warnedUnused } from "./warned-settings.ts";

// Every message about a config, by the rule that gives it: the one place that pins their words.

/** The title of a sample and what a rule finds there. */
type Finding = readonly [title: string, problems: readonly Problem[]];

const indented = (text: string, by: string) => text.replaceAll(/^/gm, by);
const chapter = (title: string, texts: readonly string[]) => `==== ${title}\n\n${texts.join("\n\n")}\n`;
const entry = ([title, problems]: Finding) =>
  [`  ${title}`, ...problems.map((problem) => indented(problemText(problem), "    "))].join("\n");
const section = (says: string, findings: readonly Finding[]) =>
  [says, ...findings.filter(([, problems]) => problems.length > 0).map(entry)].join("\n");

function written({ from, edit }: { from: () => Written; edit: (config: Written) => void }): Written {
  const config = from();
  edit(config);
  return JSON.parse(JSON.stringify(config));
}

function changed({ from, before: past, after: future }: RefusedChange) {
  const [before, after] = [from(), from()];
  past?.(before);
  future?.(after);
  return { before, after, known, traits: providerOf(known, after.provider).traits, now: new Date() };
}

/** What each refusal says of a change, with the name of its override. */
function byRefusal(change: ReturnType<typeof changed>): Problem[][] {
  const problems = refuseChanges(change.before, change.after, [], known, change.now);
  return allRefusals.map((refusal) => problems.splice(0, refusal.check(change).length));
}

test("the words of every message stay as they are", () => {
  const bad = badConfigs.map((sample) => ({ title: sample.mistake, config: written(sample) }));
  const alone = bad.filter(({ config }) => readable(config) === undefined);
  const together = bad.flatMap(({ title, config }) => {
    const cluster = readable(config);
    return cluster === undefined ? [] : [{ title, cluster }];
  });
  const warned = [...warnedAddresses, ...warnedSettings, ...warnedUnused].map((sample) => ({
    title: sample.of,
    cluster: clusterFrom(written(sample)),
  }));
  const ofRules = (all: typeof allRules, samples: typeof together) =>
    all.map((rule) =>
      section(
        rule.says,
        samples.map(({ title, cluster }): Finding => [title, rule.check(cluster, known)]),
      ),
    );
  const refused = refusedChanges.map((sample) => [sample.change, byRefusal(changed(sample))] as const);
  const problems = (config: Written) => {
    const parsed = parseCluster(config, known);
    return parsed.ok ? [] : parsed.problems;
  };
  golden(
    "config-messages.txt",
    [
      chapter(
        "Keys by themselves",
        alone.map(({ title, config }) => section("", [[title, problems(config)]]).trimStart()),
      ),
      chapter("Rules over several keys", ofRules(allRules, together)),
      chapter("Warnings", ofRules(allWarnings, warned)),
      chapter(
        "Changes that are refused",
        allRefusals.map(({ says }, index) =>
          section(
            says,
            refused.map(([title, problems]): Finding => [title, problems[index] ?? []]),
          ),
        ),
      ),
      chapter(
        "The first up",
        firstUps.map((sample) => entry([sample.change, refuseChanges(undefined, changed(sample).after, [], known)])),
      ),
    ].join("\n"),
  );
});
