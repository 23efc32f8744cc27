import { readFileSync } from "node:fs";
import { parse } from "yaml";

// Measures the program's own time in a preview of examples/Pulumi.aws-production.yaml: loading its modules, with the package for AWS,
// and the run. Pulumi's mocks stand in for the engine and the account, whose time is not measured.

export interface PreviewTime {
  /** Milliseconds of elapsed time, and of processor time: on a busy machine the first says little. */
  took: number;
  processor: number;
  resources: number;
}

/** Measures one run. A process can do that only once, because modules stay loaded. */
export async function awsPreview(): Promise<PreviewTime> {
  const started = performance.now();
  const before = process.cpuUsage();
  const { graphOf } = await import("../test/harness/graph.ts");
  const file = readFileSync(new URL("../examples/Pulumi.aws-production.yaml", import.meta.url), "utf8");
  const { "ha-kubernetes:cluster": cluster, "aws:region": region } = parse(file).config;
  const graph = await graphOf(cluster, undefined, { "aws:region": region });
  const { user, system } = process.cpuUsage(before);
  return { took: performance.now() - started, processor: (user + system) / 1000, resources: graph.size };
}
