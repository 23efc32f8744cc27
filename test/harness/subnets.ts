import { createServer, type Server } from "node:net";
import { must } from "./process.ts";

// Networks of labs. Several groups, also of several checkouts, may run on one machine at the same time.

/** The first three bytes of a range, as one number. */
type Block = number;

/** Tests take from 10.79.128.0/17. Users' labs of the docs and examples lie below. */
const [first, last] = [blockOf("10.79.128"), blockOf("10.79.255")];

/**
 * Takes a free range for a lab: `10.79.N.0/<prefix>`, with a prefix of 17 to 24. Free means that no route of this machine leads into it,
 * and that no other process has taken it. It is given back when this process ends. Throws where none is free.
 */
export async function takeSubnet(prefix = 24): Promise<string> {
  const routes = await must("ip", ["-4", "-o", "route", "show", "table", "all"]);
  for (const block of freeBlocks(routes, prefix)) {
    const claims = await claimAll(Array.from({ length: 2 ** (24 - prefix) }, (_, n) => `subnet-${block + n}`));
    if (claims) return `${textOf(block)}.0/${prefix}`;
  }
  throw new Error(`no range 10.79.128.0/17 has a free /${prefix} on this machine: see ip route`);
}

/** First blocks of the ranges into which none of these routes leads, each route on one line as `ip -o route` prints it. */
export function freeBlocks(routes: string, prefix: number): Block[] {
  const used = [...routes.matchAll(/^(?:\w+ )?(\d+\.\d+\.\d+)\.\d+(?:\/(\d+))? /gm)].map(([, bytes = "", length = "32"]) => {
    const size = 2 ** Math.max(0, 24 - Number(length));
    const start = blockOf(bytes);
    return { start: start - (start % size), end: start - (start % size) + size };
  });
  const step = 2 ** (24 - prefix);
  const all = Array.from({ length: (last - first + 1) / step }, (_, n) => first + n * step);
  return all.filter((block) => used.every(({ start, end }) => end <= block || start >= block + step));
}

function blockOf(bytes: string): Block {
  return bytes.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

const textOf = (block: Block) => [block >> 16, (block >> 8) & 255, block & 255].join(".");

/**
 * Takes a name on this machine for as long as this process lives. The kernel frees it, however the process ends: the name is an
 * abstract Unix socket. @returns What frees it earlier, or undefined where another process holds it.
 */
export function claim(name: string): Promise<(() => void) | undefined> {
  const server: Server = createServer().unref();
  return new Promise((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen({ path: `\0ha-kubernetes-tests/${name}` }, () => resolve(() => server.close()));
  });
}

async function claimAll(names: readonly string[]): Promise<boolean> {
  const claims = await Promise.all(names.map(claim));
  const all = claims.every((free) => free !== undefined);
  if (!all) for (const free of claims) free?.();
  return all;
}
