import type { TestCluster } from "./cluster.ts";
import { ApiClient } from "./probe.ts";

// Watches a change roll through a cluster: which apiservers are away, and whether a workload keeps its budget.

export interface RollReport {
  /** Control planes in the order in which their apiserver was first away. */
  order: string[];
  /** The most apiservers that were away at the same time. */
  mostAway: number;
  /** The fewest available pods of the Deployment default/guarded. */
  fewestGuarded: number;
  /** The most workers that were cordoned at the same time. */
  mostCordoned: number;
}

// A restart of an etcd member makes apiservers unready for a moment; that does not count as away.
const readyz = "/readyz?exclude=etcd&exclude=etcd-readiness";

/** Asks every apiserver itself whether it is ready, and the API for the workload and the workers, from now until `stop`. */
export class RollWatch {
  readonly #stop = new AbortController();
  readonly #away = new Set<string>();
  readonly #done: Promise<void>[] = [];
  readonly #report: RollReport = { order: [], mostAway: 0, fewestGuarded: Number.POSITIVE_INFINITY, mostCordoned: 0 };

  constructor(kubeconfig: string, cluster: TestCluster) {
    for (const { name, address } of cluster.withRole("control-plane")) {
      const own = new ApiClient(kubeconfig.replace(/server: \S+/, `server: https://${address}:6443`));
      this.#done.push(this.#again(() => this.#lookAt(name, own)));
    }
    const api = new ApiClient(kubeconfig);
    this.#done.push(this.#again(() => this.#lookAtWorkload(api)));
  }

  async #again(look: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async #lookAt(name: string, own: ApiClient): Promise<void> {
    const ready = await own.send("GET", readyz).then(
      () => true,
      () => false,
    );
    if (ready) this.#away.delete(name);
    else this.#away.add(name);
    if (!ready && !this.#report.order.includes(name)) this.#report.order.push(name);
    this.#report.mostAway = Math.max(this.#report.mostAway, this.#away.size);
  }

  async #lookAtWorkload(api: ApiClient): Promise<void> {
    const get = async (path: string) => JSON.parse((await api.send("GET", path)).body);
    try {
      const { status } = await get("/apis/apps/v1/namespaces/default/deployments/guarded");
      const { items } = await get("/api/v1/nodes");
      const cordoned = items.filter(({ spec }: { spec: { unschedulable?: boolean } }) => spec.unschedulable).length;
      this.#report.fewestGuarded = Math.min(this.#report.fewestGuarded, status.availableReplicas ?? 0);
      this.#report.mostCordoned = Math.max(this.#report.mostCordoned, cordoned);
    } catch {
      // The probe counts requests that fail.
    }
  }

  async stop(): Promise<RollReport> {
    this.#stop.abort();
    await Promise.all(this.#done);
    return this.#report;
  }
}
