import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../artifacts/run-program.ts";
import { shown } from "../../config/problems.ts";
import type { CustomAddonConfig } from "../../config/schema/custom-addons.ts";
import type { KubernetesObject } from "../addon.ts";
import { chartAt } from "./chart.ts";
import { findProgram } from "./program.ts";
import { faultOf, opening, readManifest } from "./read.ts";
import { lastWords, type Source, wrong } from "./source.ts";

/** All sources of an add-on, in the order of its keys. Paths are from the current folder. */
export async function sourcesOf(name: string, config: CustomAddonConfig, kubernetesVersion: string): Promise<Source[]> {
  const key = ["addons", "custom", name];
  return [
    ...config.files.flatMap((path, index) => filesAt(path, [...key, "files", index])),
    ...(config.kustomize === undefined ? [] : [await kustomized(config.kustomize, [...key, "kustomize"], kubernetesVersion)]),
    ...(config.chart === undefined
      ? []
      : [await chartAt(name, config.chart, config.namespace, [...key, "chart"], kubernetesVersion)]),
    ...config.objects.map((object, index) => inline(object, [...key, "objects", index])),
  ];
}

const MANIFEST = "a file of Kubernetes objects in YAML or JSON, or a folder of such files";

function filesAt(path: string, key: readonly PropertyKey[]): Source[] {
  try {
    if (!statSync(path).isDirectory()) return [manifest(path, key, undefined)];
    const names = readdirSync(path).filter((name) => /\.(ya?ml|json)$/.test(name));
    if (names.length === 0) return [wrong(key, `is ${shown(path)}, a folder without .yaml, .yml or .json files`, MANIFEST)];
    return names.sort().map((name) => manifest(join(path, name), key, name));
  } catch (error) {
    return [wrong(key, `is ${shown(path)}, which can't be read: ${(error as Error).message}`, MANIFEST)];
  }
}

function manifest(path: string, key: readonly PropertyKey[], from: string | undefined): Source {
  const read = readManifest(readFileSync(path, "utf8"));
  if ("fault" in read) return wrong(key, `is ${shown(path)}, which can't be applied: ${read.fault}`, MANIFEST);
  if (read.objects.length === 0) return wrong(key, `is ${shown(path)}, which holds no object`, MANIFEST);
  return { key, objects: read.objects, ...(from !== undefined && { from }) };
}

function inline(value: Readonly<Record<string, unknown>>, key: readonly PropertyKey[]): Source {
  const objects = opening(value);
  const fault = objects.map(faultOf).find((it) => it !== undefined);
  if (fault !== undefined) return wrong(key, fault, "an object with apiVersion, kind and metadata.name");
  return { key, objects: objects as KubernetesObject[] };
}

async function kustomized(path: string, key: readonly PropertyKey[], kubernetesVersion: string): Promise<Source> {
  const allowed = "a folder with a kustomization.yaml that `kubectl kustomize` renders";
  const kubectl = findProgram("kubectl", kubernetesVersion);
  if (kubectl === undefined)
    return wrong(
      key,
      `is ${shown(path)}, and this machine has no kubectl to render it`,
      "kubectl on this machine's PATH, or in its bundle",
      `npm run bundle -- --kubernetes-version ${kubernetesVersion}`,
    );
  try {
    const read = readManifest(await run(kubectl, ["kustomize", path]));
    if ("fault" in read) return wrong(key, `is ${shown(path)}, which renders to what can't be applied: ${read.fault}`, allowed);
    if (read.objects.length === 0) return wrong(key, `is ${shown(path)}, which renders to no object`, allowed);
    return { key, objects: read.objects };
  } catch (error) {
    return wrong(key, `is ${shown(path)}, which does not render: ${lastWords(error as Error)}`, allowed);
  }
}
