import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { must } from "../test/harness/process.ts";
import { type ClusterConfig, clusterOf } from "../test/harness/samples.ts";
import { Stack } from "../test/harness/stack.ts";

// Measures the engine alone, without hosts: the real CLI with this project's providers, against an SSH server on loopback that reports
// success for everything. It runs in a separate network namespace, so that every address belongs to this machine.

/** The control planes of every size. */
const controlPlanes = 3;
/** With more workers, the cluster is created without checkpoints, whose cost grows with the square of the number of hosts. */
const mostWithCheckpoints = 150;
/** Sets up the namespace and runs this benchmark in it. */
const inside = 'ip link set lo up && ip route add local 10.0.0.0/16 dev lo && exec "$@"';

/** Measures clusters of 3 hosts with every role and the given numbers of workers, and prints a line for each run. */
export async function engineBench(workers: readonly number[]): Promise<void> {
  if (process.env.HA_KUBERNETES_BENCH_INSIDE !== "1") {
    const args = ["--net", "sh", "-c", inside, "sh", process.execPath, ...process.argv.slice(1)];
    const child = spawn("unshare", args, { stdio: "inherit", env: { ...process.env, HA_KUBERNETES_BENCH_INSIDE: "1" } });
    const [status] = await once(child, "close");
    process.exitCode = status ?? 1;
    return;
  }
  const fake = spawn(process.execPath, [new URL("fake-hosts.ts", import.meta.url).pathname], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const ended = once(fake, "close").then(() => Promise.reject(new Error("the SSH server ended")));
    ended.catch(() => {});
    const [hostKey] = await Promise.race([once(createInterface({ input: fake.stdout }), "line"), ended]);
    for (const count of workers) await measure(count, String(hostKey));
  } finally {
    fake.kill();
  }
}

async function measure(workers: number, hostKey: string): Promise<void> {
  const stack = new Stack("test-bench-engine");
  stack.forget();
  try {
    const config = clusterOf(workers, (cluster) => {
      for (const host of Object.values(cluster.hosts)) Object.assign(host, { hostKey });
      // A /24 for each of 300 nodes and more.
      cluster.network = { podCidr: "10.244.0.0/14" };
    }) as ClusterConfig;
    stack.configure({ ...config, name: stack.name });
    const key = `${await must("sh", ["-c", 'd=$(mktemp -d); ssh-keygen -q -t ed25519 -N "" -f "$d/k" && cat "$d/k"; rm -r "$d"'])}`;
    await stack.secret("sshPrivateKey", key);
    const print = async (what: string, verb: string, env?: Record<string, string>) =>
      console.log(`${controlPlanes} + ${workers}: ${what.padEnd(30)} ${await timed(stack, verb, env)}`);
    await print("preview, nothing made", "preview");
    if (workers <= mostWithCheckpoints) await print("first up", "up");
    // These hosts don't exist, so nothing can be lost.
    else await print("first up without checkpoints", "up", { PULUMI_SKIP_CHECKPOINTS: "true" });
    await print("preview, no change", "preview");
    await print("up, no change", "up");
    const resources = stack.resources();
    const bytes = statSync(stack.stateFile).size;
    const commands = resources.filter(({ type }) => type.startsWith("command:"));
    const perCommand = commands.reduce((sum, it) => sum + JSON.stringify(it).length, 0) / commands.length;
    console.log(
      `${controlPlanes} + ${workers}: state ${(bytes / 1e6).toFixed(2)} MB, ${resources.length} resources, ${(perCommand / 1000).toFixed(1)} KB a command`,
    );
  } finally {
    stack.forget();
  }
}

/** Runs a verb. Returns the elapsed time, and the peak memory and the processor time of the CLI and of Node. */
async function timed(stack: Stack, verb: string, env: Record<string, string> = {}): Promise<string> {
  const peaks = new Map<string, { memory: number; processor: number }>();
  let timer: NodeJS.Timeout | undefined;
  const started = Date.now();
  const { status, text } = await stack.engine(verb, [], {
    env,
    started: (group) => (timer = setInterval(() => look(group, peaks), 200)),
  });
  const took = Date.now() - started;
  clearInterval(timer);
  if (status !== 0) throw new Error(`${verb} ended with ${status}:\n${text.slice(-3000)}`);
  const each = [...peaks].map(
    ([name, { memory, processor }]) => `${name} ${Math.round(memory / 1024)} MB ${processor.toFixed(1)} s of processor`,
  );
  return `${(took / 1000).toFixed(1)} s (${each.join(", ")})`;
}

/** Clock ticks per second, in which /proc counts processor time. */
const ticks = 100;

function look(group: number, peaks: Map<string, { memory: number; processor: number }>): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const [, name = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      const fields = rest.split(" ");
      if (Number(fields[2]) !== group) continue;
      const memory = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      const processor = (Number(fields[11]) + Number(fields[12])) / ticks;
      const kind = name === "pulumi" ? "CLI" : "Node";
      const peak = peaks.get(kind) ?? { memory: 0, processor: 0 };
      peaks.set(kind, { memory: Math.max(peak.memory, memory), processor: Math.max(peak.processor, processor) });
    } catch {
      // The process ended between the two reads.
    }
  }
}
