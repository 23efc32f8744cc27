import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { eventually, must } from "../harness/process.ts";

// moto: a server that implements AWS's API, on the loopback, empty but for the defaults of every account. Its pinned packages
// are installed once, into a virtual environment below the user's cache folder.

const file = (name: string) => new URL(name, import.meta.url).pathname;
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "ha-kubernetes");

/** A running server. */
export interface Moto {
  endpoint: string;
  /** The environment in which a program uses this server as AWS. */
  environment: Record<string, string>;
  /** Ends it and discards everything in it. */
  stop(): Promise<void>;
}

/** The region of all tests. */
export const region = "eu-central-1";

/** Starts a new server. Throws its output if it doesn't answer within a minute. */
export async function startMoto(): Promise<Moto> {
  const folder = await install();
  const port = await freePort();
  const server = spawn(join(folder, "bin/moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "pipe", "pipe"],
    // moto's images under current names; the owners' accounts are the real ones.
    env: { ...process.env, MOTO_AMIS_PATH: file("amis.json"), PYTHONUNBUFFERED: "1" },
  });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
  }
  const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
  const kill = () => server.kill("SIGKILL");
  process.once("exit", kill);
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await eventually("moto to answer", 60, async () => {
      if (server.exitCode !== null) throw new Error("it has ended");
      return (await fetch(`${endpoint}/moto-api/data.json`)).ok;
    });
  } catch (error) {
    kill();
    throw new Error(`${error}\n${said}`, { cause: error });
  }
  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: "tests",
      AWS_SECRET_ACCESS_KEY: "tests",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stop: async () => {
      process.off("exit", kill);
      kill();
      await ended;
    },
  };
}

/** The virtual environment's folder; each list of packages has its own folder. */
async function install(): Promise<string> {
  const requirements = file("requirements.txt");
  const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = join(cache, `moto-${digest}`);
  const script = `
    mkdir -p "$(dirname "$1")"
    exec 9>"$1.lock"
    flock 9
    [ ! -f "$1/installed" ] || exit 0
    python3 -m venv --clear "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$2"
    touch "$1/installed"`;
  await must("bash", ["-euc", script, "install", folder, requirements]);
  return folder;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
