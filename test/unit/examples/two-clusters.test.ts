import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { parse } from "yaml";
import { type Registered, registeredBy, resolved, sshPrivateKey } from "../../harness/graph.ts";

// The example with two clusters, under Pulumi's mocks. It imports the package by its name, which stands for the sources here.

const root = new URL("../../../", import.meta.url);
const entry = new URL("components/index.ts", root).href;
registerHooks({
  resolve: (specifier, context, next) => next(specifier === "ha-kubernetes" ? entry : specifier, context),
});

function config(): Record<string, string> {
  const file = parse(readFileSync(new URL("examples/two-clusters/Pulumi.dev.yaml", root), "utf8"));
  const clusters = file.config["two-clusters:clusters"];
  return {
    "two-clusters:clusters": JSON.stringify(clusters),
    "two-clusters:blueSshPrivateKey": sshPrivateKey,
    "two-clusters:greenSshPrivateKey": sshPrivateKey,
  };
}

const program = () => import(new URL("examples/two-clusters/index.ts", root).href);

test("two clusters fit into one program: each has resources with its own names, and the outputs that its next up reads", async () => {
  const { graph, result } = await registeredBy(program, { project: "two-clusters", config: config() });
  const names = (cluster: string) =>
    [...graph.keys()].filter((key) => key.includes(` ${cluster}`)).map((key) => key.replace(` ${cluster}`, " "));
  assert.deepEqual(names("blue").sort(), names("green").sort());
  assert.ok(names("blue").includes("command:remote:Command -etcd-m1"), names("blue").join("\n"));
  assert.equal(graph.size, 2 * names("blue").length);
  const create = (name: string) => String((graph.get(`command:remote:Command ${name}`) as Registered).inputs.create);
  for (const cluster of ["blue", "green"] as const) {
    const other = cluster === "blue" ? "green" : "blue";
    assert.match(create(`${cluster}-prepare-m1`), new RegExp(`api\\.${cluster}\\.internal`));
    assert.doesNotMatch(create(`${cluster}-prepare-m1`), new RegExp(other));
    const recorded = (await resolved(result[cluster].recorded)) as { name: string };
    assert.equal(recorded.name, cluster);
    assert.equal(await resolved(result[cluster].etcdBorn), true);
    assert.match(await resolved(result[cluster].apiEndpoint), /^https:\/\/10\.80\.[01]\.10:8443$/);
  }
});
