import { TestCluster } from "../test/harness/cluster.ts";
import { removeHosts } from "../test/harness/lab-hosts.ts";
import { eventually } from "../test/harness/process.ts";
import { Stack, threePlusTwo } from "../test/harness/stack.ts";

// Measures the cluster's DNS with dnsperf, in the lab: with the program's defaults, with those of `size: large`, and with a cache on every
// node. dnsperf runs on a worker, which asks as a pod in the host's network does.

/** What dnsperf says of a run. */
export interface DnsFigures {
  queriesPerSecond: number;
  /** Milliseconds that 99 of 100 answered look-ups took at most. */
  p99: number;
  /** Look-ups without an answer, in percent. */
  lost: number;
}

const SECONDS = 20;
/** Look-ups at once: fewer than CoreDNS lets wait, and more than one processor answers. */
const AT_ONCE = 100;

/** Reads dnsperf's summary, and the line `p99 SECONDS` that `run` adds. */
export function figuresOf(said: string): DnsFigures {
  const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1]);
  const figures = {
    queriesPerSecond: number(/Queries per second:\s+([\d.]+)/),
    p99: number(/^p99 ([\d.]+)$/m) * 1000,
    lost: number(/Queries lost:\s+\d+ \(([\d.]+)%\)/),
  };
  if (Object.values(figures).some(Number.isNaN)) throw new Error(`dnsperf said no figures:\n${said.slice(-1000)}`);
  return figures;
}

/** With -v, dnsperf says of each answer how long it took: `> NOERROR NAME A SECONDS`. */
export const run = (server: string, seconds: number): string => `
  dnsperf -v -s ${server} -d /run/names -l ${seconds} -q ${AT_ONCE} -c 10 -T 1 >/run/answers
  grep -v '^> ' /run/answers
  awk '/^> / {print $NF}' /run/answers | sort -g | awk '{all[NR] = $1} END {n = int(NR * 0.99); if (n < NR * 0.99) n++; print "p99", all[n]}'`;

/** Figures by configuration, in the order in which they were measured. */
export async function dnsBench(): Promise<[of: string, DnsFigures][]> {
  const config = await threePlusTwo("test-bench-dns");
  const { m1, w1, w2 } = config.hosts;
  Object.assign(config, { hosts: { m1, w1, w2 }, etcd: { throwAway: true } });
  const stack = new Stack(config.name);
  const cluster = new TestCluster(config);
  await removeHosts(config.name);
  stack.forget();
  try {
    const figures: [string, DnsFigures][] = [];
    for (const [of, edit] of variants) {
      Object.assign(config, edit);
      stack.configure(config);
      await stack.up();
      await cluster.settled(600);
      figures.push([of, await measured(cluster)]);
    }
    return figures;
  } finally {
    await removeHosts(config.name);
    stack.forget();
  }
}

/** Two nodes hold no 63 pods of CoreDNS, as many as `size: large` has. */
const pods = { coredns: { replicas: 4 } };
const variants: readonly [of: string, edit: object][] = [
  ["defaults", {}],
  ["size large, of 4 pods", { size: "large", addons: pods }],
  ["the same and nodeLocalDns", { addons: { ...pods, nodeLocalDns: {} } }],
];

async function measured(cluster: TestCluster): Promise<DnsFigures> {
  const host = cluster.host("w1");
  const server: string = (await cluster.get("service kube-dns -n kube-system")).spec.clusterIP;
  await host.sh(`command -v dnsperf >/dev/null ||
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -y -q install --no-install-recommends dnsperf; } >/run/dnsperf.log 2>&1 </dev/null ||
    { tail -n 5 /run/dnsperf.log >&2; exit 1; }`);
  // Names of Services, and one that search lists of pods make of a name outside.
  await host.sh(`printf '%s A\\n' kubernetes.default.svc.cluster.local kube-dns.kube-system.svc.cluster.local \\
    kubernetes.default.svc.cluster.local.default.svc.cluster.local >/run/names`);
  await eventually("the cluster's DNS to answer", 60, async () => {
    const { stdout } = await host.trySh(`dnsperf -s ${server} -d /run/names -l 1 -q 1 | grep 'Queries completed'`);
    return / [1-9]/.test(stdout);
  });
  return figuresOf(await host.sh(run(server, SECONDS)));
}
