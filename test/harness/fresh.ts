import { readFileSync } from "node:fs";
import type { LabHost } from "./lab.ts";
import { eventually } from "./process.ts";
import { differences } from "./stays.ts";

const script = readFileSync(new URL("host-state.sh", import.meta.url), "utf8");

/** Hosts as they were before the first `up`. */
export class FreshHosts {
  readonly #then = new Map<string, string>();

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
      const found = differences(this.#then.get(host.name) ?? "", await host.sh(script));
      if (found.length > 0) throw new Error(found.slice(0, 60).join("\n"));
      return true;
    });
  }
}
