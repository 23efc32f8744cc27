import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { builtIn } from "../plugins/index.ts";
import type { Packages } from "../plugins/serve.ts";
import type { Cli } from "./cli.ts";
import { runCli } from "./pulumi.ts";

// Chooses the providers for `command`, `tls` and `random`: Pulumi's own plugins, or those of plugins/ in this process.

const names = Object.keys(builtIn);

/**
 * Chooses the providers for a run. Pulumi's own if all of them are installed, or if a CLI that came from Pulumi can download
 * them; if not, ours. HA_KUBERNETES_PROVIDERS=pulumi or =builtin overrides the choice.
 *
 * @returns The packages to serve from this process; none if the CLI uses Pulumi's.
 */
export async function choosePackages(
  cli: Cli,
  folder: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Packages> {
  const wanted = process.env.HA_KUBERNETES_PROVIDERS || undefined;
  if (wanted !== undefined && wanted !== "pulumi" && wanted !== "builtin")
    throw new Error(`HA_KUBERNETES_PROVIDERS=${wanted}: pulumi or builtin is allowed`);
  if (wanted === "builtin") return builtIn;
  const missing = missingPlugins(folder, env);
  if (missing.length === 0) return {};
  // A CLI is built here only if nothing can be downloaded.
  if (wanted === undefined && cli.isBuilt) return builtIn;
  say(`installing Pulumi's plugins ${missing.map(({ name, version }) => `${name} ${version}`).join(", ")}`);
  for (const { name, version } of missing) {
    const args = ["plugin", "install", "resource", name, version];
    const { status, stderr } = await runCli(cli.path, args, { cwd: folder, env, output: "keep" });
    if (status === 0) continue;
    const reason = stderr.trim().split("\n").at(-1);
    if (wanted === "pulumi") throw new Error(`Pulumi's plugin ${name} ${version} can't be installed: ${reason}`);
    say(`Pulumi's plugin ${name} ${version} can't be installed (${reason}); this project's own providers are used`);
    return builtIn;
  }
  return {};
}

/** The plugins that this project needs, in the versions of its SDKs, and that are neither installed nor on PATH. */
function missingPlugins(folder: string, env: NodeJS.ProcessEnv): { name: string; version: string }[] {
  const home = env.PULUMI_HOME || join(homedir(), ".pulumi");
  const onPath = (name: string) =>
    (env.PATH ?? "").split(delimiter).some((part) => isFile(join(part, `pulumi-resource-${name}`)));
  return names
    .map((name) => ({ name, version: versionOfSdk(folder, name) }))
    .filter(({ name, version }) => !onPath(name) && !existsSync(join(home, "plugins", `resource-${name}-v${version}`)));
}

/** A plugin has the version of its SDK. */
const versionOfSdk = (folder: string, name: string): string =>
  JSON.parse(readFileSync(join(folder, "node_modules/@pulumi", name, "package.json"), "utf8")).version;

const isFile = (file: string) => statSync(file, { throwIfNoEntry: false })?.isFile() === true;
