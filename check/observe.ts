import { readFileSync } from "node:fs";
import { ownNamespaces } from "../addons/registry.ts";
import { setAddons } from "../addons/set/registry.ts";
import { hostPort } from "../config/addresses.ts";
import { APISERVER_PORT, ETCD_CLIENT_PORT } from "../config/ports.ts";
import { asRoot, quote, withPassword } from "../hosts/sudo.ts";
import { runHere } from "../plugins/command-local.ts";
import { CommandOutput } from "../plugins/command-output.ts";
import { where } from "../plugins/ssh-endpoint.ts";
import { SshPool } from "../plugins/ssh-pool.ts";
import { kubeconfigPaths, programPaths, wantedPrograms } from "./findings/integrity.ts";
import { wantedSysctls } from "./findings/system.ts";
import { type Observation, readObservation } from "./observation.ts";
import type { WantedHost } from "./stack.ts";
import { wantedUnits } from "./wanted.ts";

/** Seconds until an answer is given up: a host that answers at all needs a few. */
const deadline = 90;
const script = ["system", "objects", "check"]
  .map((name) => readFileSync(new URL(`../hosts/tools/check/${name}.sh`, import.meta.url), "utf8"))
  .join("");

/** A host with how it is, or why that can't be told. */
export type Looked = { host: WantedHost; seen: Observation } | { host: WantedHost; error: string };

/** Looks at hosts, all at the same time, by one connection and one script each. One that can't be looked at stops no other. */
export async function observeAll(hosts: readonly WantedHost[]): Promise<Looked[]> {
  const pool = new SshPool();
  try {
    return await Promise.all(
      hosts.map(async (host) => {
        try {
          return { host, seen: await observe(pool, host) };
        } catch (error) {
          return { host, error: (error as Error).message };
        }
      }),
    );
  } finally {
    await pool.close();
  }
}

async function observe(pool: SshPool, host: WantedHost): Promise<Observation> {
  const signal = AbortSignal.timeout(deadline * 1000);
  const output = new CommandOutput("none", () => undefined);
  // Connects first, so that the time between question and answer is that of the network alone.
  await run(pool, host, "true", "", signal, () => undefined);
  const asked = Date.now() / 1000;
  let answered: number | undefined;
  const shell = asRoot("exec bash -s", host.becoming, `check on ${host.name}`);
  const stdin = withPassword(`${questions(host)}${script}`, host.sudoPassword);
  const { code, signal: killed } = await run(pool, host, shell, stdin, signal, (stream, chunk) => {
    if (stream === "stdout") answered ??= Date.now() / 1000;
    output.write(stream, chunk);
  });
  output.end();
  if (code !== 0) throw new Error(`the script ended with ${killed ?? code}: ${output.text("stderr").slice(-300)}`);
  return readObservation(output.text("stdout"), asked, answered ?? asked);
}

type Listener = (stream: "stdout" | "stderr", chunk: Buffer) => void;

async function run(pool: SshPool, host: WantedHost, command: string, stdin: string, signal: AbortSignal, onOutput: Listener) {
  try {
    if (host.target) return await pool.run(host.target, { command, stdin, signal, onOutput, log: () => undefined });
    const output = { write: onOutput } as CommandOutput;
    return await runHere({ text: command, stdin, environment: {}, output, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error(`no answer from ${host.target ? where(host.target) : "this machine"} within ${deadline} s`, { cause: error });
  }
}

/** The namespaces of the set's add-ons that the last stage installed. */
const ofSet = ({ CUSTOM_ADDONS = "" }: WantedHost["settings"]) =>
  setAddons.filter(({ name }) => CUSTOM_ADDONS.includes(`=${name}(`)).map(({ namespace }) => namespace);

/** What the script is to look at, as the shell variables that it reads. */
export function questions(host: WantedHost): string {
  const { stages, settings, files } = host;
  const has = (stage: string) => stages.includes(stage);
  const address = settings.HOST_ADDRESS ?? "";
  const isNode = has("control-plane") || has("worker");
  const list = (...values: (string | false | undefined)[]) => values.filter(Boolean).join("\n");
  const variables = {
    FILES: files.map(({ path }) => path).join("\n"),
    UNITS: list(...wantedUnits(host), (settings.PREPARATIONS ?? "").split(" ").includes("time_sync") && "chrony.service"),
    LINKS: isNode ? "/usr/local/bin/runc\n/opt/cni/bin/bridge" : "",
    DIRECTORIES: list(
      "/",
      "/var/lib",
      "/var/log",
      has("etcd") && settings.DATA_DIRECTORY,
      isNode && "/var/lib/containerd",
      isNode && "/var/lib/kubelet",
      has("etcd") && settings.BACKUP_DIRECTORY,
    ),
    SYSCTLS: [...wantedSysctls(host).keys()].join("\n"),
    PROGRAMS: programPaths(host).join("\n"),
    ARCHIVES: wantedPrograms(host).folders.join("\n"),
    TABLES: settings.TABLES ?? "",
    KUBECONFIGS: kubeconfigPaths(host).join("\n"),
    SERVED: list(
      has("etcd") && `${hostPort(address, ETCD_CLIENT_PORT)} /etc/etcd/pki/member.crt`,
      has("control-plane") && `${hostPort(address, APISERVER_PORT)} /etc/kubernetes/pki/apiserver.crt`,
    ),
    ETCD: has("etcd") ? "yes" : "",
    API_SERVER: has("control-plane") ? `https://${hostPort(address, APISERVER_PORT)}` : "",
    NAMESPACES: [...new Set([...ownNamespaces, ...ofSet(settings)])].join(" "),
    OBJECTS: objectsIn(host, /\.yaml$/),
    CUSTOM_OBJECTS: objectsIn(host, /^\d{3}-(first|rest)$/),
    HEALTH_URL: has("balancer") ? `http://127.0.0.1:${settings.STATISTICS_PORT}/health` : "",
    BACKUPS: settings.BACKUP_TIMERS ? (settings.BACKUP_DIRECTORY ?? "") : "",
    BACKUP_NAME: settings.BACKUP_NAME ?? "",
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join("");
}

/** The objects of add-ons in inputs of such names: YAML documents after lines `---`. */
const objectsIn = ({ inputs }: WantedHost, names: RegExp): string =>
  Object.keys(inputs)
    .filter((name) => names.test(name))
    .sort()
    .map((name) => (name.endsWith(".yaml") ? inputs[name] : (inputs[name] ?? "").replace(/^(?=.)/gm, "---\n")))
    .join("");
