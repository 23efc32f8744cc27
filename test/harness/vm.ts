import { createSocket } from "node:dgram";
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

/** Answers chrony with this machine's time until the tests end: what RFC 5905 (NTP, section 7.3) asks of a server, and no more. */
export async function serveTime(address: string): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (request, { address: to, port }) => {
    if (request.length < 48) return;
    const answer = Buffer.alloc(48);
    // Version 4, server, stratum 1, and a clock that is read to a millisecond.
    answer.set([0x24, 1, request[2] ?? 6, 0xf6]);
    answer.write("TEST", 12);
    const now = ntpTime(Date.now());
    answer.set(now, 16);
    answer.set(request.subarray(40, 48), 24);
    answer.set(now, 32);
    answer.set(ntpTime(Date.now()), 40);
    socket.send(answer, port, to);
  });
  await new Promise<void>((resolve) => socket.bind(123, address, resolve));
  after(() => socket.close());
}

/** Seconds since 1900, and the fraction in units of 2^-32 s. */
export function ntpTime(milliseconds: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeUInt32BE(Math.floor(milliseconds / 1000) + 2_208_988_800, 0);
  time.writeUInt32BE(Math.floor(((milliseconds % 1000) / 1000) * 2 ** 32), 4);
  return time;
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
