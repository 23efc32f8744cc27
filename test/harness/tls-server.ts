import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { scratch } from "./scratch.ts";

/** An HTTPS server on loopback that stands for others. */
export interface TlsServer {
  /** Where it listens: `127.0.0.1:port`. */
  address: string;
  /** Path of the PEM of the authority of its certificate. */
  ca: string;
  close(): void;
}

/** Starts a server with a certificate for these names. Without `openssl` it fails. */
export async function tlsServer(
  names: readonly string[],
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TlsServer> {
  const folder = scratch();
  const [key, ca] = [join(folder, "key.pem"), join(folder, "ca.pem")];
  const made = spawnSync(
    "openssl",
    // biome-ignore format: as one would type it
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", ca, "-days", "2",
      "-subj", "/CN=test", "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`],
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(ca) }, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, ca, close };
}
