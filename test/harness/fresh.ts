import { readFileSync } from "node:fs";
import type { LabHost } from "./lab.ts";
import { eventually } from "./process.ts";
import { differences, isCore } from "./stays.ts";

const script = readFileSync(new URL("host-state.sh", import.meta.url), "utf8");

/** Hosts as they were before the first `up`. */
export class FreshHosts {
  readonly #then = new Map<string, string>();
  readonly #whole: boolean;

  /** @param whole Compares everything that `host-state.sh` finds. Default: files, packages, units, ports, addresses and mounts. */
  constructor({ whole = false }: { whole?: boolean } = {}) {
    this.#whole = whole;
  }

  /** Records the state of hosts. Call it before anything is done to them, and again after a reinstallation. */
  async remember(hosts: Iterable<LabHost>): Promise<void> {
    await Promise.all(Array.from(hosts, async (host) => this.#then.set(host.name, await host.sh(script))));
  }

  /** Waits until each host is in its recorded state, but for what `stays.ts` lists; throws the differences. */
  async assertClean(...hosts: LabHost[]): Promise<void> {
    const looks = await Promise.allSettled(hosts.map((host) => this.#isClean(host)));
    const reasons = looks.flatMap((look) => (look.status === "rejected" ? [String(look.reason.message)] : []));
    if (reasons.length > 0) throw new Error(reasons.join("\n"));
  }

  #isClean(host: LabHost): Promise<true> {
    return eventually(`${host.name} to be as it was`, 60, async () => {
      const all = differences(this.#then.get(host.name) ?? "", await host.sh(script));
      const found = this.#whole ? all : all.filter((line) => isCore(line.slice(2)));
      if (found.length > 0) throw new Error(found.slice(0, 60).join("\n"));
      return true;
    });
  }
}
