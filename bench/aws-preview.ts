import { readFileSync } from "node:fs";
import { parse } from "yaml";

// What the program itself takes in a preview of examples/Pulumi.aws-production.yaml: its modules, the package for AWS among them, and the run.
// Pulumi's mocks stand in for the engine and the account, which take time of their own.

export interface PreviewTime {
  /** Milliseconds by the clock, and of the processor: on a busy machine the first says little. */
  took: number;
  processor: number;
  resources: number;
}

/** Measures one run; a process can do that once, because modules stay loaded. */
export async function awsPreview(): Promise<PreviewTime> {
  const started = performance.now();
  const before = process.cpuUsage();
  const { graphOf, manifestFile } = await import("../test/harness/graph.ts");
  const file = readFileSync(new URL("../examples/Pulumi.aws-production.yaml", import.meta.url), "utf8");
  const { "ha-kubernetes:cluster": cluster, "aws:region": region } = parse(file).config;
  cluster.artifacts.manifest = manifestFile();
  const graph = await graphOf(cluster, undefined, { "aws:region": region });
  const { user, system } = process.cpuUsage(before);
  return { took: performance.now() - started, processor: (user + system) / 1000, resources: graph.size };
}
