// a program that imports the package: two clusters come up in one stack, a second up runs nothing, destroy undoes both
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { stringify } from "yaml";
import { bundleManifest, fillBundle } from "../harness/bundle.ts";
import { TestCluster } from "../harness/cluster.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { makeHosts, removeHosts } from "../harness/lab-hosts.ts";
import { must, type Result, run } from "../harness/process.ts";
import { addressIn, type ClusterConfig, everyRole, hostAt } from "../harness/samples.ts";
import { scratch } from "../harness/scratch.ts";
import { claim, takeSubnet } from "../harness/subnets.ts";

const root = new URL("../../", import.meta.url).pathname;
const folder = scratch();
const names = ["blue", "green"] as const;
const env = { PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex") };

/** Runs the engine on the example, as a user does who agrees beforehand. */
const engine = (args: readonly string[], input?: string): Promise<Result> =>
  run(process.execPath, [join(root, "engine/front-end.ts"), ...args], { cwd: folder, env, input, limitSeconds: 900 });

async function succeed(...args: readonly string[]): Promise<string> {
  const { status, text } = await engine(args);
  assert.equal(status, 0, text.slice(-6000));
  return text;
}

/** The example as a project of its own, with the package as npm would install it. */
async function installExample(): Promise<void> {
  cpSync(join(root, "examples/two-clusters"), folder, { recursive: true });
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "ha-kubernetes"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) symlinkSync(join(root, "node_modules", name), join(modules, name));
  const packed = await must("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
  const archive = join(folder, packed.trim().split("\n").at(-1) as string);
  await must("tar", ["-xzf", archive, "-C", join(modules, "ha-kubernetes"), "--strip-components", "1"]);
}

async function smallCluster(name: string): Promise<ClusterConfig> {
  const subnet = await takeSubnet();
  return {
    name: `test-${name}`,
    provider: "baremetal",
    kubernetesVersion: "1.36.3",
    nodeCidrs: [subnet],
    ssh: { user: "ops" },
    artifacts: { source: "bundle", manifest: bundleManifest },
    api: { domainName: `api.${name}.internal`, address: addressIn(subnet, 10) },
    etcd: { throwAway: true },
    hosts: { m1: hostAt(subnet, 11, ...everyRole), w1: hostAt(subnet, 21, "worker") },
    pools: { general: {} },
  };
}

suite("two clusters", () => {
  const clusters: TestCluster[] = [];
  // Hosts of both have the same names.
  const fresh = new Map<TestCluster, FreshHosts>();

  before(async () => {
    for (const name of names)
      assert.ok(await claim(`test-${name}`), "another process runs the same tests: wait for it, or end it");
    await fillBundle("1.36.3");
    const configs: Record<string, ClusterConfig> = {};
    const keys: Record<string, string> = {};
    for (const name of names) {
      const config = await smallCluster(name);
      await removeHosts(config.name);
      const addresses = Object.entries(config.hosts).map(([host, { address }]) => [host, address]);
      const lab = await makeHosts(config.name, config.nodeCidrs[0] as string, Object.fromEntries(addresses));
      for (const host of Object.values(config.hosts)) host.hostKey = lab.hostKey;
      configs[name] = config;
      keys[name] = lab.privateKey;
      clusters.push(new TestCluster(config));
    }
    for (const cluster of clusters) {
      fresh.set(cluster, new FreshHosts());
      await fresh.get(cluster)?.remember(cluster.hosts.values());
    }
    await installExample();
    writeFileSync(join(folder, "Pulumi.dev.yaml"), stringify({ config: { "two-clusters:clusters": configs } }));
    for (const name of names) {
      const { status, text } = await engine(["config", "set", "--secret", `${name}SshPrivateKey`], keys[name]);
      assert.equal(status, 0, text);
    }
  });
  after(async () => {
    for (const name of names) await removeHosts(`test-${name}`);
  });

  test("the example compiles with the package's declarations", async () => {
    const options = { module: "nodenext", target: "es2024", strict: true, skipLibCheck: true, noEmit: true, types: ["node"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["index.ts"] }));
    await must(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]);
  });

  test("both come up, each with Nodes and an etcd of its own", async () => {
    await succeed("up", "--yes", "--skip-preview");
    for (const cluster of clusters) {
      await cluster.settled();
      assert.deepEqual((await cluster.readyNodes()).sort(), ["m1", "w1"]);
    }
    const ids = await Promise.all(clusters.map(async (cluster) => [...(await cluster.etcdClusterIds())]));
    assert.equal(new Set(ids.flat()).size, 2);
  });

  test("a second up runs nothing", async () => {
    const text = await succeed("up", "--yes", "--skip-preview");
    assert.match(text, /\b\d+ unchanged/);
    assert.doesNotMatch(text, /\b\d+ (created|updated|replaced|deleted)/);
  });

  test("destroy leaves the hosts of both as they were", async () => {
    await succeed("destroy", "--yes", "--skip-preview");
    for (const [{ hosts }, theirs] of fresh) await theirs.assertClean(...hosts.values());
  });
});
