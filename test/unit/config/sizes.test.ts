import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { sizes } from "../../../config/sizes.ts";
import { aws, known, metal, type Written } from "../../harness/samples.ts";

function clusterOf(from: () => Written, edit: (config: Written) => void) {
  const config = from();
  edit(config);
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.cluster;
}
const sized = (size: string | undefined, edit: (config: Written) => void = () => {}, from = metal) =>
  clusterOf(from, (config) => {
    if (size !== undefined) config.size = size;
    edit(config);
  });

test("without a size, and with size small, a cluster is as Kubernetes has it", () => {
  const { size: _, ...small } = sized("small");
  assert.deepEqual(small, sized(undefined));
  assert.equal(small.api.maxRequestsInflight, undefined);
});

test("a greater size never asks for less", () => {
  const numbers = sizes.map((size) => {
    const { api, addons, balancer, controllerManager, etcd } = sized(size);
    return [
      ...[api.maxRequestsInflight ?? 400, api.maxMutatingRequestsInflight ?? 200, balancer.maximumConnections],
      ...[controllerManager.kubeApiQps ?? 20, controllerManager.kubeApiBurst ?? 30, etcd.quotaMebibytes],
      ...[addons.coredns.replicas, addons.coredns.memoryLimitMebibytes],
    ];
  });
  for (const [index, row] of numbers.entries())
    for (const [column, value] of row.entries())
      assert.ok(value >= (numbers[index - 1]?.[column] ?? 0), `${sizes[index]} ${column}`);
  assert.deepEqual(numbers.at(-1), [3000, 1000, 50_000, 150, 300, 8192, 100, 512]);
});

test("what the config says goes before its size, by a key or by an argument", () => {
  const cluster = sized("large", (config) => {
    config.etcd = { quotaMebibytes: 3000 };
    config.addons = { coredns: { replicas: 4 } };
    config.api.extraArgs = { "max-requests-inflight": "900" };
    config.controllerManager = { extraArgs: { "kube-api-qps": "70" } };
  });
  assert.equal(cluster.etcd.quotaMebibytes, 3000);
  assert.equal(cluster.addons.coredns.replicas, 4);
  assert.equal(cluster.addons.coredns.memoryLimitMebibytes, 256);
  assert.equal(cluster.api.maxRequestsInflight, undefined);
  assert.equal(cluster.api.maxMutatingRequestsInflight, 500);
  assert.equal(cluster.controllerManager.kubeApiQps, undefined);
  assert.equal(cluster.controllerManager.kubeApiBurst, 300);
});

test("with snapshots in S3 the quota is one that S3 takes, and a provider's own balancer is left alone", () => {
  const { etcd, balancer } = sized("xlarge", () => {}, aws);
  assert.equal(etcd.quotaMebibytes, 5120);
  assert.equal(balancer.maximumConnections, sized(undefined).balancer.maximumConnections);
});

test("a size in the place of a mistake hides none", () => {
  const config = { ...metal(), size: "large", etcd: 7, addons: { coredns: "on" } };
  const parsed = parseCluster(config, known);
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.problems.map(({ key }) => key),
    ["cluster.etcd", "cluster.addons.coredns"],
  );
});

test("docs/sizes.md has the numbers that clusters of each size get", () => {
  const docs = readFileSync(new URL("../../../docs/sizes.md", import.meta.url), "utf8");
  const rows = [...docs.matchAll(/^\| `([\w.]+)` \|((?: \d+ \|){4})/gm)].map(([, path = "", numbers = ""]) => ({
    path,
    numbers: numbers.match(/\d+/g)?.map(Number),
  }));
  assert.equal(rows.length, 10);
  /** Kubernetes' own, where a key is left out. */
  const usual: Record<string, number> = {
    ...{ "api.maxRequestsInflight": 400, "api.maxMutatingRequestsInflight": 200 },
    ...{ "controllerManager.kubeApiQps": 20, "controllerManager.kubeApiBurst": 30 },
  };
  const at = (cluster: unknown, path: string) =>
    path.split(".").reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], cluster) ?? usual[path];
  for (const { path, numbers } of rows)
    assert.deepEqual(
      sizes.map((size) => at(sized(size), path)),
      numbers,
      path,
    );
});
