// hosts without any way out and without the packages that they need: the bundle comes over SSH, up makes a cluster, destroy ends it

import assert from "node:assert/strict";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bundleManifest } from "../harness/bundle.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { must, run } from "../harness/process.ts";
import { assertNothingRuns, onCluster, type Scenario } from "../harness/scenario.ts";
import { scratch } from "../harness/scratch.ts";

const root = new URL("../../", import.meta.url).pathname;
/** A bundle of links to this machine's files, with the hosts' packages besides. */
const bundle = scratch();
const location = "/srv/bundle";
const packages = "packages-debian-12-linux-amd64.tar";
const metal = await onMetal("test-offline");
const config = { ...metal, artifacts: { source: "bundle", location, manifest: join(bundle, "manifest.json") } };
const kubernetesVersion = String(metal.kubernetesVersion);
/** Packages that hosts of a cluster need and a new host may not have. nftables stays: the look at a host before and after asks it. */
const removed = "chrony conntrack curl ethtool haproxy ipset iptables keepalived socat";
const fresh = new FreshHosts();

interface Manifest {
  files: Record<string, { sha256: string; size: number }>;
}
const manifest = (): Manifest => JSON.parse(readFileSync(join(bundle, "manifest.json"), "utf8"));

const bundleCommand = (...words: string[]) =>
  run(process.execPath, ["artifacts/make-bundle.ts", ...words], { cwd: root, limitSeconds: 900 });

/** Makes the bundle with packages. Its other files are this machine's. */
async function makeBundle(): Promise<void> {
  const from = join(bundleManifest, "..");
  const { files } = JSON.parse(readFileSync(bundleManifest, "utf8")) as Manifest;
  for (const name of Object.keys(files)) symlinkSync(join(from, name), join(bundle, name));
  writeFileSync(join(bundle, "manifest.json"), JSON.stringify({ files }));
  const { status, text } = await bundleCommand(
    "--output",
    bundle,
    "--kubernetes-version",
    kubernetesVersion,
    "--os",
    "debian-12",
  );
  assert.equal(status, 0, text);
  assert.match(text, /debian-12: \d+ packages are to be fetched, \d+ MB/);
}

/** Takes packages and the route out away from hosts. Of the bundle they have all files but one program and the packages, as from another time. */
async function cutOff({ cluster }: Scenario): Promise<void> {
  await Promise.all(
    [...cluster.hosts.values()].map((host) =>
      host.sh(`
        apt-get purge -y -qq ${removed} >/dev/null
        mkdir ${location}
        ln -s /var/cache/ha-kubernetes/bundle/* ${location}
        rm -f ${location}/runc-* ${location}/packages-* ${location}/manifest.json
        ip route del default
        ! timeout 5 bash -c '</dev/tcp/1.1.1.1/443' 2>/dev/null`),
    ),
  );
  await fresh.remember(cluster.hosts.values());
}

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const hosts = [...cluster.hosts.values()];

    test("five nodes are Ready; every host has its packages from the bundle, and nothing of the bundle's own source is left", async () => {
      await cluster.settled();
      for (const host of hosts) {
        const said = await host.sh(
          "ls -A /opt/ha-kubernetes; ls /etc/apt/sources.list.d; dpkg -s conntrack | grep Status; ip route",
        );
        assert.doesNotMatch(said, /^packages$|ha-kubernetes|default via/m);
        assert.match(said, /Status: install ok installed/);
      }
      assert.match(scenario.said, new RegExp(`installing .*haproxy.* from ${packages}`));
      assert.match(await cluster.host("m1").sh("dpkg -s keepalived | grep Status"), /install ok installed/);
    });

    test("a second up runs nothing", () => assertNothingRuns(scenario));

    test("destroy takes the packages away again, without a network", async () => {
      await stack.destroy();
      await fresh.assertClean(...hosts);
      for (const host of hosts)
        assert.equal(
          await host.sh(`dpkg-query -W -f '\${db:Status-Status}\\n' ${removed} 2>/dev/null | grep -c '^installed' || true`),
          "0\n",
        );
    });
  },
  {
    prepare: async (scenario) => {
      const { privateKey, hostKey } = await makeMetal(scenario);
      await makeBundle();
      await cutOff(scenario);
      const keys = scratch();
      writeFileSync(join(keys, "key"), privateKey, { mode: 0o600 });
      const addresses = Object.values(scenario.config.hosts).map(({ address }) => address);
      writeFileSync(join(keys, "known"), addresses.map((address) => `${address} ${hostKey}\n`).join(""));
      const push = () =>
        bundleCommand(
          ...["push", "--folder", bundle, "--to", location, "--kubernetes-version", kubernetesVersion],
          ...["--identity", join(keys, "key"), "--known-hosts", join(keys, "known")],
          ...addresses.map((address) => `ops@${address}`),
        );
      // An earlier run was cut off on one host.
      const { sha256, size } = manifest().files[packages] as Manifest["files"][string];
      await must("bash", ["-c", `head -c ${size - 1000} ${bundle}/${packages} >${keys}/part`]);
      const part = readFileSync(join(keys, "part"));
      await scenario.cluster.host("m1").trySh(`base64 -d >${location}/.${packages}.${sha256}`, part.toString("base64"));
      const first = await push();
      assert.equal(first.status, 0, first.text);
      assert.match(first.text, /ops@\S+: 2 of \d+ files are missing, 1[0-9] MB are to be sent/);
      assert.equal(first.text.match(/: 2 of \d+ files are missing, [56]\d MB are to be sent/g)?.length, 4);
      assert.equal((await push()).text.match(/: all \d+ files are there/g)?.length, 5);
    },
  },
);
