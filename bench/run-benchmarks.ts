import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolveVersions } from "../artifacts/lock.ts";
import type { Role } from "../config/schema.ts";
import { artifactsFor } from "../hosts/artifact-list.ts";
import { addonsStage } from "../hosts/stages/addons/addons.ts";
import { bundleManifest } from "../test/harness/bundle.ts";
import { TestCluster } from "../test/harness/cluster.ts";
import { makeHosts, removeHosts } from "../test/harness/lab-hosts.ts";
import { makeMetal, onMetal } from "../test/harness/metal.ts";
import { must, run } from "../test/harness/process.ts";
import type { ClusterConfig } from "../test/harness/samples.ts";
import { clusterFrom } from "../test/harness/samples.ts";
import { Stack } from "../test/harness/stack.ts";
import { addedWorker } from "./added-worker.ts";
import { dnsBench } from "./dns.ts";
import { engineBench } from "./engine.ts";
import { previewOf } from "./preview.ts";

// Measures the time from hosts that answer SSH to all nodes Ready: with `up`, and by hand, one after the other on fresh hosts of this
// machine. The times are printed, never asserted: a noisy machine is not a defect.

const usage = `npm run bench [-- --only up|by-hand|added-worker|dns|preview|engine] [--example NAME]

Makes a cluster of 3 + 2 hosts twice on this machine, with \`up\` and with bench/by-hand.sh, and prints both times, their ratio and
the memory and disk of each host. These run only if you name them: added-worker measures how long \`up\` takes to add a worker to a cluster
of 4 and to one of 11 hosts; dns measures DNS queries per second and their 99th percentile with CoreDNS' defaults, with the large preset and
with a cache on every node; preview, which needs no root, measures the program's time in a preview of examples/Pulumi.NAME.yaml
(production if you name none); engine measures the engine alone.
Needs root and a filled bundle: npm run bundle.`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    only: { type: "string" },
    example: { type: "string", default: "production" },
    workers: { type: "string", default: "2,97,297" },
  },
});
if (values.help) {
  console.log(usage);
} else if (values.only === "preview") {
  const { took, processor, resources } = await previewOf(values.example);
  console.log(
    `\nprogram of a preview of ${values.example} with ${resources} resources: ${seconds(took)}, ${seconds(processor)} of processor time (aim: 3 s)`,
  );
} else if (values.only === "engine") {
  await engineBench(values.workers.split(",").map(Number));
} else if (values.only === "added-worker") {
  const { five, twelve } = await addedWorker();
  const ratio = (twelve / five).toFixed(2);
  console.log(`\na worker added: to 5 hosts ${seconds(five)}, to 12 hosts ${seconds(twelve)}, ratio ${ratio} (aim: at most 1.2)`);
} else if (values.only === "dns") {
  for (const [of, { queriesPerSecond, p99, lost }] of await dnsBench())
    console.log(`DNS with ${of}: ${Math.round(queriesPerSecond)} queries/s, p99 ${p99.toFixed(2)} ms, ${lost} % lost`);
} else {
  const program = values.only === "by-hand" ? undefined : await withUp(await onMetal("test-bench"));
  const manual = values.only === "up" ? undefined : await byHand(await onMetal("test-by-hand"));
  if (program !== undefined && manual !== undefined) {
    console.log(
      `\nup ${seconds(program)}, by hand ${seconds(manual)}, ratio ${(program / manual).toFixed(2)} (aim: at most 0.45)`,
    );
  }
}

/** Milliseconds from hosts that answer SSH to five Ready nodes, with this program. */
async function withUp(config: ClusterConfig): Promise<number> {
  const stack = new Stack(config.name);
  const cluster = new TestCluster(config);
  await removeHosts(config.name);
  stack.forget();
  try {
    await makeMetal({ stack, cluster, config, said: "" });
    const started = Date.now();
    await stack.up();
    const upTook = Date.now() - started;
    await cluster.nodesReady(300);
    const took = Date.now() - started;
    console.log(`up: ${seconds(upTook)}, all nodes Ready after ${seconds(took)}`);
    await cluster.settled();
    await printResources(cluster);
    return took;
  } finally {
    await removeHosts(config.name);
    stack.forget();
  }
}

/** The same with bench/by-hand.sh. */
async function byHand(config: ClusterConfig): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "ha-kubernetes-bench-"));
  await removeHosts(config.name);
  try {
    const lab = await makeHosts(config.name, (config.nodeCidrs as string[])[0] as string, addresses(config));
    const environment = byHandEnvironment(folder, config, lab.privateKey);
    const started = Date.now();
    const result = await run("bash", [new URL("by-hand.sh", import.meta.url).pathname], { env: environment });
    const took = Date.now() - started;
    console.log(`by hand: all nodes Ready after ${seconds(took)}\n${result.stderr.trimEnd()}`);
    if (result.status !== 0) throw new Error(`bench/by-hand.sh ended with ${result.status}`);
    return took;
  } finally {
    await removeHosts(config.name);
    rmSync(folder, { recursive: true, force: true });
  }
}

function addresses(config: ClusterConfig): Record<string, string> {
  return Object.fromEntries(Object.entries(config.hosts).map(([name, { address }]) => [name, address]));
}

/** The environment of bench/by-hand.sh, with its files in `folder`. */
function byHandEnvironment(folder: string, config: ClusterConfig, privateKey: string): Record<string, string> {
  const cluster = clusterFrom(config);
  const { versions } = resolveVersions(cluster);
  const files = JSON.parse(readFileSync(bundleManifest, "utf8")).files as Record<string, { sha256: string }>;
  const sha256 = Object.fromEntries(Object.entries(files).map(([file, entry]) => [file, entry.sha256]));
  const source = { kind: "bundle", location: "/var/cache/ha-kubernetes/bundle", sha256 } as const;
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), 0o600);
    return join(folder, name);
  };
  const listOf = (role: Role) => artifactsFor({ roles: [role], versions, architecture: "amd64", source }).text;
  const controlPlane = write("control-plane", listOf("control-plane"));
  // By hand, a worker joins with kubeadm.
  const kubeadm = readFileSync(controlPlane, "utf8").match(/^.* kubeadm\n/m)?.[0] ?? "";
  write("worker", kubeadm + listOf("worker"));
  const apiEndpoint = { port: cluster.api.port };
  // These hosts don't know the API's name; its address works as well.
  const named = { ...cluster, api: { ...cluster.api, domainName: config.api.address } };
  const { inputs = {} } = addonsStage({ host: "m1", owner: "bench", cluster: named, address: "", apiEndpoint, versions });
  const manifests = Object.entries(inputs).filter(([name]) => name.endsWith(".yaml"));
  const hostsOfRole = (role: string) =>
    Object.entries(config.hosts)
      .filter(([, host]) => host.roles.includes(role))
      .map(([name, { address }]) => `${name}=${address}`)
      .join(" ");
  return {
    SSH_KEY: write("key", privateKey),
    API_HOSTS: hostsOfRole("control-plane"),
    WORKER_HOSTS: hostsOfRole("worker"),
    VIRTUAL_IP: config.api.address,
    KUBERNETES_VERSION: cluster.kubernetesVersion,
    PAUSE_VERSION: versions.pause,
    ARTIFACTS: folder,
    MANIFESTS: write("addons.yaml", manifests.map(([, text]) => text).join("")),
  };
}

/** Prints memory and disk of each host, and the machine's load, with the cluster idle. */
async function printResources(cluster: TestCluster): Promise<void> {
  for (const host of cluster.hosts.values()) {
    const kibibytes = await host.sh("ps -eo rss= | awk '{sum += $1} END {print sum}'");
    const disk = await host.sh("du -sxk /opt /var/lib/containerd /var/lib/etcd 2>/dev/null | awk '{sum += $1} END {print sum}'");
    console.log(
      `${host.name}: ${Math.round(Number(kibibytes) / 1024)} MiB of memory, ${Math.round(Number(disk) / 1024)} MiB on disk`,
    );
  }
  console.log(`load of the machine: ${(await must("cat", ["/proc/loadavg"])).split(" ").slice(0, 3).join(" ")}`);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
