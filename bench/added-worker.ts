import { TestCluster } from "../test/harness/cluster.ts";
import { Edited } from "../test/harness/edits.ts";
import { removeHosts } from "../test/harness/lab-hosts.ts";
import { type HostEntry, hostAt } from "../test/harness/samples.ts";
import { Stack, threePlusTwo } from "../test/harness/stack.ts";

// Measures how long `up` takes to add a worker, in a small and in a larger cluster: the work should depend on the change, not on the
// cluster.

const times = 3;

/** Milliseconds that `up` takes to grow a cluster from 4 hosts to 5, and from 11 to 12: the median of 3 times each. */
export async function addedWorker(): Promise<{ five: number; twelve: number }> {
  const config = await threePlusTwo("test-bench-add");
  config.hosts = Object.fromEntries(Object.entries(config.hosts).filter(([name]) => name !== "w2"));
  const worker = (n: number) => hostAt(config, 20 + n, "worker");
  const stack = new Stack(config.name);
  await removeHosts(config.name);
  stack.forget();
  try {
    stack.configure(config);
    await stack.up();
    const edited = new Edited({ stack, config, cluster: new TestCluster(config), said: "" });
    const five = await medianOfAdding(edited, "w2", worker(2));
    await edited.up("workers up to w8", ({ hosts }) => {
      for (let n = 2; n <= 8; n++) hosts[`w${n}`] = worker(n);
    });
    const twelve = await medianOfAdding(edited, "w9", worker(9));
    return { five, twelve };
  } finally {
    await removeHosts(config.name);
    stack.forget();
  }
}

async function medianOfAdding(edited: Edited, name: string, host: HostEntry): Promise<number> {
  const took: number[] = [];
  for (let round = 1; round <= times; round++) {
    await edited.cluster.settled();
    const { milliseconds, ran, cluster } = await edited.up(`round ${round}: ${name} added`, ({ hosts }) => {
      hosts[name] = host;
    });
    console.log(`${cluster.hosts.size} hosts: ${(milliseconds / 1000).toFixed(1)} s, ran on ${ran.join(", ")}`);
    took.push(milliseconds);
    await cluster.nodesReady();
    await edited.up(`round ${round}: ${name} removed`, ({ hosts }) => {
      delete hosts[name];
    });
  }
  return took.sort((a, b) => a - b)[(times - 1) / 2] as number;
}
