import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { basename, dirname, join } from "node:path";
import { after } from "node:test";
import type { LabHost } from "./lab.ts";
import { bundleManifest } from "./metal.ts";
import { eventually } from "./process.ts";

// What virtual machines need around them, and what only they have: boots, kernel settings, swap, a clock.

/** Serves this machine's bundle over HTTP until the tests end: virtual machines see none of its folders. @returns The URL. */
export async function serveBundle(address: string): Promise<string> {
  const server = createServer((request, response) => {
    const file = join(dirname(bundleManifest), basename(request.url ?? ""));
    if (existsSync(file)) createReadStream(file).pipe(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  after(() => server.close());
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server has no port");
  return `http://${address}:${bound.port}`;
}

/** Lets a container host of the lab tell others this machine's time. */
export async function serveTime(host: LabHost): Promise<void> {
  await host.sh("printf 'local stratum 8\\nallow\\n' >/etc/chrony/conf.d/test.conf; systemctl start chrony");
}

/** Boots a machine as its own `reboot` does, and waits until it accepts logins again. */
export async function reboot(host: LabHost): Promise<void> {
  const bootId = "cat /proc/sys/kernel/random/boot_id";
  const before = await host.sh(bootId);
  await host.trySh("systemctl reboot");
  await eventually(`${host.name} to come back`, 600, async () => {
    const { status, stdout } = await host.trySh(bootId);
    return status === 0 && stdout !== before;
  });
}

/** Values of these sysctls, paths below /proc/sys. One that the kernel does not have yet is left out. */
export async function sysctlsOf(host: LabHost, paths: readonly string[]): Promise<Map<string, string>> {
  const said = await host.sh(`cd /proc/sys; for key in ${paths.join(" ")}; do [ ! -e $key ] || echo "$key $(cat $key)"; done`);
  const lines = said.trimEnd().split("\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
}

/** What is swapped to, sorted. */
export const swapOf = async (host: LabHost): Promise<string[]> =>
  (await host.sh("swapon --show=NAME --noheadings")).split("\n").filter(Boolean).sort();

/** Seconds by which a machine's clock is ahead of this one's. */
export const clockAhead = async (host: LabHost): Promise<number> => Number(await host.sh("date +%s")) - Date.now() / 1000;
