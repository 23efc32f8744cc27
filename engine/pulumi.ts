import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Options } from "./options.ts";
import { readProject } from "./project.ts";
import { findPassphrase, passphraseFile } from "./secrets.ts";
import { stackFiles } from "./store.ts";

// The real Pulumi CLI: found, asked the same thing as this engine would be, and never asking back.

/** A Pulumi CLI on this machine. */
export interface Cli {
  path: string;
  version: string;
}

const home = () => process.env.PULUMI_HOME || join(homedir(), ".pulumi");

/**
 * Finds a Pulumi CLI: on PATH, or where the npm package `pulumi` keeps the ones it downloaded (the newest). The package's own
 * command on PATH does not count: it would download.
 *
 * HA_KUBERNETES_ENGINE=builtin finds none, HA_KUBERNETES_ENGINE=pulumi demands one.
 */
export function findPulumi(): Cli | undefined {
  const wanted = process.env.HA_KUBERNETES_ENGINE || undefined;
  if (wanted !== undefined && wanted !== "builtin" && wanted !== "pulumi") {
    throw new Error(`HA_KUBERNETES_ENGINE=${wanted}: builtin or pulumi is allowed`);
  }
  if (wanted === "builtin") return undefined;
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder || ".", "pulumi"));
  const path = [...onPath, ...downloaded()].find((file) => isProgram(file) && !realpathSync(file).endsWith("run.js"));
  if (path === undefined) {
    if (wanted === undefined) return undefined;
    throw new Error("HA_KUBERNETES_ENGINE=pulumi, but there is no Pulumi CLI on PATH: https://www.pulumi.com/docs/install/");
  }
  try {
    return {
      path,
      version: execFileSync(path, ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
        .trim()
        .replace(/^v/, ""),
    };
  } catch (error) {
    throw new Error(
      `the Pulumi CLI ${path} does not run; mend it, or use HA_KUBERNETES_ENGINE=builtin: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** The CLIs in the download cache, the newest first. */
function downloaded(): string[] {
  const folder = join(home(), "versions");
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return versions.map((version) => join(folder, version, "bin", "pulumi"));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() && statSync(file).size > 0;
  } catch {
    return false;
  }
}

/** Runs the CLI for a verb. @returns Its exit code. */
export async function runPulumi(cli: Cli, folder: string, options: Options): Promise<number> {
  const project = readProject(folder);
  mkdirSync(project.backend, { recursive: true });
  const env = environment(cli, folder, options.stack);
  const deploys = ["up", "preview", "destroy"].includes(options.verb);
  if (deploys) tellMissingPlugins(folder, env);
  const { state } = stackFiles(project.backend, project.name, options.stack);
  if ((options.verb === "up" || options.verb === "preview") && ![state, `${state}.gz`].some((file) => existsSync(file))) {
    const made = await run(cli, ["stack", "init", options.stack, "--no-select", "--non-interactive"], folder, env);
    if (made !== 0) return made;
  }
  return run(cli, cliArguments(options), folder, env);
}

/** What the CLI is called with: the same verb, stack and flags, and no question. */
export function cliArguments(options: Options): string[] {
  const { verb, stack, rest } = options;
  const flags = ["--stack", stack, "--non-interactive"];
  const parallel = options.parallelGiven ? ["--parallel", String(options.parallel)] : [];
  const show = options.showSecrets ? ["--show-secrets"] : [];
  switch (verb) {
    case "up":
    case "destroy":
      return [verb, ...flags, "--yes", "--skip-preview", ...parallel];
    case "preview":
      return [verb, ...flags, "--diff", ...parallel];
    case "output":
      return ["stack", "output", ...rest, ...flags, ...show, ...(options.json ? ["--json"] : [])];
    case "config": {
      if (rest.length === 0) return ["config", ...flags, ...show];
      return ["config", "set", ...flags, options.secret ? "--secret" : "--plaintext", "--", ...rest.slice(1)];
    }
    case "cancel":
      return ["cancel", "--yes", "--non-interactive", stack];
  }
}

function environment(cli: Cli, folder: string, stack: string): NodeJS.ProcessEnv {
  // Its language host beside it, and the Node that strips types itself.
  const path = [join(folder, "node_modules", ".bin"), dirname(cli.path), process.env.PATH ?? ""].join(delimiter);
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: path, PULUMI_SKIP_UPDATE_CHECK: "true" };
  if (env.PULUMI_CONFIG_PASSPHRASE === undefined && !env.PULUMI_CONFIG_PASSPHRASE_FILE) {
    findPassphrase(folder, stack);
    env.PULUMI_CONFIG_PASSPHRASE_FILE = passphraseFile(folder);
  }
  return env;
}

/** The CLI downloads missing plugins; without internet it can't, and its error would not say what else there is. */
function tellMissingPlugins(folder: string, env: NodeJS.ProcessEnv): void {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const missing = ["command", "random", "tls"]
    .filter((name) => dependencies?.[`@pulumi/${name}`] !== undefined)
    .filter((name) => {
      const onPath = (env.PATH ?? "").split(delimiter).some((part) => isProgram(join(part, `pulumi-resource-${name}`)));
      return !onPath && !existsSync(join(home(), "plugins", `resource-${name}-v${dependencies[`@pulumi/${name}`]}`));
    });
  if (missing.length === 0) return;
  console.error(
    `the CLI's plugins ${missing.join(", ")} are not installed: it downloads them now. Without internet that fails; HA_KUBERNETES_ENGINE=builtin needs none`,
  );
}

function run(cli: Cli, args: string[], folder: string, env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(cli.path, args, { cwd: folder, env, stdio: "inherit" });
    // A terminal signals the CLI itself; a second signal would make it quit at once.
    const pass = (signal: NodeJS.Signals) => {
      if (!process.stdin.isTTY) child.kill(signal);
    };
    process.on("SIGINT", pass).on("SIGTERM", pass);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGINT", pass).off("SIGTERM", pass);
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}
