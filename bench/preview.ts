import { readFileSync } from "node:fs";
import { parse } from "yaml";

// Measures the program's own time in a preview of an example: loading its modules, with the package of its provider, and the run.
// Pulumi's mocks stand in for the engine and the provider's account, whose time is not measured.

export interface PreviewTime {
  /** Milliseconds of elapsed time, and of processor time: on a busy machine the first says little. */
  took: number;
  processor: number;
  resources: number;
}

/** Measures one run with `examples/Pulumi.<example>.yaml`. A process can do that only once, because modules stay loaded. */
export async function previewOf(example: string): Promise<PreviewTime> {
  const started = performance.now();
  const before = process.cpuUsage();
  const { graphOf, manifestFile } = await import("../test/harness/graph.ts");
  const file = readFileSync(new URL(`../examples/Pulumi.${example}.yaml`, import.meta.url), "utf8");
  const { "ha-kubernetes:cluster": cluster, ...more } = parse(file).config;
  if (cluster.artifacts?.manifest !== undefined) cluster.artifacts.manifest = manifestFile();
  const graph = await graphOf(cluster, undefined, more);
  const { user, system } = process.cpuUsage(before);
  return { took: performance.now() - started, processor: (user + system) / 1000, resources: graph.size };
}
