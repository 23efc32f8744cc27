import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder, sha256Of } from "../../artifacts/bundle-manifest.ts";
import { run } from "../../artifacts/run-program.ts";
import { shown } from "../../config/problems.ts";
import type { ChartConfig } from "../../config/schema/chart.ts";
import type { KubernetesObject } from "../addon.ts";
import { placeOf } from "./allowed.ts";
import { helm } from "./helm.ts";
import { findProgram } from "./program.ts";
import { readManifest } from "./read.ts";
import { lastWords, type Source, wrong } from "./source.ts";

// Helm charts: fetched once by their hash, and rendered by `helm template`. Their objects are applied as any others are, so Helm keeps no
// release in the cluster.

const ALLOWED = "a chart that `helm template` renders";
/** Hooks that only `helm test` runs. */
const isTest = (hook: string) => /^test(-success|-failure)?$/.test(hook);

/** The objects of a chart, or the problem with it. */
export async function chartAt(
  addon: string,
  chart: ChartConfig,
  namespace: string | undefined,
  key: readonly PropertyKey[],
  kubernetesVersion: string,
): Promise<Source> {
  const program = findProgram("helm", helm.version);
  const tool = "Helm 4 on this machine's PATH, or in its bundle";
  if (program === undefined)
    return wrong(key, "needs Helm to be rendered, and this machine has none", tool, "npm run bundle:helm");
  try {
    const version = (await run(program, ["version", "--template", "{{.Version}}"])).trim();
    if (!version.startsWith("v4."))
      return wrong(key, `needs Helm 4 to be rendered, and ${program} is ${version}`, tool, "npm run bundle:helm");
    const place = chart.path ?? (await fetched(program, chart, key));
    if (typeof place !== "string") return place;
    const named = chart.path === undefined ? `${chart.name} ${chart.version}` : shown(chart.path);
    if (chart.path !== undefined && chart.sha256 !== undefined) {
      const found = (await stat(place)).isFile() ? await sha256Of(place) : undefined;
      if (found === undefined) return wrong([...key, "sha256"], `is given, and ${named} is a folder`, "a .tgz, or no sha256");
      if (found !== chart.sha256)
        return wrong([...key, "sha256"], `is ${chart.sha256}, and ${named} has ${found}`, "the file's own");
    }
    const args = ["template", chart.release ?? addon, place, "--include-crds", "--kube-version", kubernetesVersion];
    args.push("--namespace", namespace ?? "default", ...chart.valuesFiles.flatMap((file) => ["--values", file]), "--values", "-");
    // Through stdin: they may be secret.
    const render = () => run(program, args, { input: JSON.stringify(chart.values ?? {}) });
    const text = await render();
    const read = readManifest(text);
    if ("fault" in read) return wrong(key, `renders ${named} to what can't be applied: ${read.fault}`, ALLOWED);
    const again = await render();
    return unhooked(chart, read.objects, key, text === again ? undefined : readManifest(again));
  } catch (error) {
    return wrong(key, `does not render: ${lastWords(error as Error) || (error as Error).message}`, ALLOWED);
  }
}

/** The chart's file in this machine's cache, fetched if it is not there; or the problem. */
async function fetched(program: string, chart: ChartConfig, key: readonly PropertyKey[]): Promise<string | Source> {
  const { repository = "", name = "", version = "", sha256 } = chart;
  const folder = join(cacheFolder(), "charts");
  const kept = join(folder, `${sha256}.tgz`);
  if (sha256 !== undefined && (await sha256Of(kept).catch(() => undefined)) === sha256) return kept;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, ".new-"));
  try {
    const from = repository.startsWith("oci://") ? [`${repository.replace(/\/$/, "")}/${name}`] : [name, "--repo", repository];
    await run(program, ["pull", ...from, "--version", version, "--destination", work]);
    const [file = ""] = (await readdir(work)).filter((it) => it.endsWith(".tgz"));
    const found = await sha256Of(join(work, file));
    if (sha256 === undefined)
      return wrong(
        [...key, "sha256"],
        "is missing",
        "the SHA-256 of the chart's file",
        `${found} is that of ${name} ${version} in ${repository} now`,
      );
    if (found !== sha256)
      return wrong(
        [...key, "sha256"],
        `is ${sha256}, and ${name} ${version} in ${repository} has ${found}`,
        "that of the chart that you know",
        `find out why: a published version does not change`,
      );
    await rename(join(work, file), kept);
    return kept;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The objects without hooks; or the problem with hooks, or with objects that a further rendering changes. */
function unhooked(
  { skipHooks }: ChartConfig,
  objects: readonly KubernetesObject[],
  key: readonly PropertyKey[],
  again: ReturnType<typeof readManifest> | undefined,
): Source {
  const hooksOf = ({ metadata: { annotations } }: KubernetesObject) =>
    (annotations?.["helm.sh/hook"] ?? "").split(",").flatMap((hook) => (hook.trim() === "" ? [] : [hook.trim()]));
  const plain = objects.filter((object) => hooksOf(object).length === 0);
  const hooked = objects.filter((object) => hooksOf(object).some((hook) => !isTest(hook)));
  if (hooked.length > 0 && !skipHooks) {
    const names = hooked.map((object) => `${placeOf(object)} (${hooksOf(object).join(", ")})`);
    return wrong(
      [...key, "skipHooks"],
      `is false, and the chart has hooks, which nothing runs: ${names.join("; ")}`,
      "true, for a chart that works without them",
      "turn them off in the chart's values, or install what they do in another add-on",
    );
  }
  if (again !== undefined) {
    const texts = new Set("objects" in again ? again.objects.map((object) => JSON.stringify(object)) : []);
    const other = plain.find((object) => !texts.has(JSON.stringify(object)));
    if (other !== undefined)
      return wrong(
        key,
        `renders ${placeOf(other)} differently each time, so that every up would change it`,
        "a chart that renders the same each time",
        "set what it makes up, such as a password, in its values",
      );
  }
  if (plain.length === 0) return wrong(key, "renders to no object", ALLOWED);
  return { key, objects: plain };
}
