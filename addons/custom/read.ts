import { type CollectionTag, parseAllDocuments, type ScalarTag, type Tags } from "yaml";
import type { KubernetesObject } from "../addon.ts";

// Manifests as kubectl reads them: YAML documents, of which JSON is a part. Kubernetes' YAML is an older one, where 0644 is octal and
// `yes` is a truth value (sigs.k8s.io/yaml, which is go-yaml 2).

const octal: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
};
const truth = (value: boolean, test: RegExp): ScalarTag => ({
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test,
  resolve: () => value,
});
const older: Tags = [octal, truth(true, /^(y|Y|yes|Yes|YES|on|On|ON)$/), truth(false, /^(n|N|no|No|NO|off|Off|OFF)$/)];
const customTags = (tags: Tags): Tags => [...older, ...(tags as (ScalarTag | CollectionTag)[])];

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a manifest holds, or why it can't be read. Lists are opened, empty documents left out. */
export function readManifest(text: string): { objects: KubernetesObject[] } | { fault: string } {
  const documents = parseAllDocuments(text, { merge: true, customTags, logLevel: "silent" });
  if (!Array.isArray(documents)) return { objects: [] };
  const objects: KubernetesObject[] = [];
  for (const [index, document] of documents.entries()) {
    const [error] = document.errors;
    if (error !== undefined) return { fault: error.message.split(":\n")[0] as string };
    let value: unknown;
    try {
      value = document.toJS();
    } catch (thrown) {
      return { fault: (thrown as Error).message };
    }
    if (value === null || value === undefined) continue;
    const opened = opening(value);
    for (const one of opened) {
      const fault = faultOf(one);
      if (fault !== undefined) return { fault: `document ${index + 1} ${fault}` };
      objects.push(one as KubernetesObject);
    }
  }
  return { objects };
}

/** A list's items; anything else as it is. */
export const opening = (value: unknown): unknown[] =>
  isMapping(value) && typeof value.kind === "string" && value.kind.endsWith("List") && Array.isArray(value.items)
    ? value.items
    : [value];

/** Why a value is not an object that can be applied; undefined if it is one. */
export function faultOf(value: unknown): string | undefined {
  if (!isMapping(value)) return "is not a mapping";
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || apiVersion === "") return "has no apiVersion";
  if (typeof kind !== "string" || kind === "") return "has no kind";
  const { name, namespace } = isMapping(metadata) ? metadata : {};
  if (typeof name !== "string" || name === "") return `is a ${kind} without metadata.name`;
  if (namespace !== undefined && (typeof namespace !== "string" || namespace === ""))
    return `is a ${kind} whose metadata.namespace is not a text`;
  return undefined;
}
