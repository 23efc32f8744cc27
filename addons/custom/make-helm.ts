import { chmod, copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  addToManifest,
  type BundleFile,
  cacheFolder,
  defaultBundle,
  isWhole,
  readManifest,
  sha256Of,
} from "../../artifacts/bundle-manifest.ts";
import { goBuild, goVersion, ownArchitecture, pinnedModules } from "../../artifacts/go-build.ts";
import { downloadPinned, isOnline } from "../../artifacts/official.ts";
import { onlyOneAtATime } from "../../artifacts/one-at-a-time.ts";
import { endOnSignals, run, say } from "../../artifacts/run-program.ts";
import { helm } from "./helm.ts";

// Puts Helm into this machine's bundle: the official file where it can be had, else one that is built from its Go module.

const HELP = `npm run bundle:helm: adds Helm ${helm.version}, which renders the charts of addons.custom on this machine, to its bundle\n`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: "boolean", default: false } } });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const folder = defaultBundle();
  const architecture = ownArchitecture();
  const file = `helm-${helm.version}-linux-${architecture}`;
  const isThere = () => isWhole(folder, file, readManifest(folder).files[file]);
  if (await isThere()) {
    say(`${join(folder, file)} is there`);
    return;
  }
  await onlyOneAtATime();
  // The other run may have made it.
  if (await isThere()) return;
  const work = join(cacheFolder(), "build-helm");
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await mkdir(folder, { recursive: true });
  const origin = (await isOnline()) ? await official(work, architecture) : await built(work);
  const path = join(folder, file);
  await copyFile(join(work, "helm"), `${path}.new`);
  await chmod(`${path}.new`, 0o755);
  await rename(`${path}.new`, path);
  const entry: BundleFile = { sha256: await sha256Of(path), size: (await stat(path)).size, version: helm.version, ...origin };
  addToManifest(folder, file, entry);
  await rm(work, { recursive: true, force: true });
  say(`made ${path}`);
}

async function official(work: string, architecture: "amd64" | "arm64"): Promise<Pick<BundleFile, "origin" | "from">> {
  const url = helm.url.replace("{architecture}", architecture);
  const archive = join(work, "helm.tar.gz");
  await downloadPinned({ url, version: helm.version }, helm.sha256[architecture], archive);
  await run("tar", ["-xzf", archive, "-C", work, "--strip-components=1", `linux-${architecture}/helm`]);
  return { origin: "official", from: [url] };
}

async function built(work: string): Promise<Pick<BundleFile, "origin" | "from" | "toolchain">> {
  const toolchain = await goVersion();
  const build = {
    folder: fileURLToPath(new URL(`../go/helm-${helm.version}`, import.meta.url)),
    version: helm.version,
    programs: { helm: helm.package },
    variables: { "helm.sh/helm/v4/internal/version.version": `v${helm.version}` },
  };
  say(`building Helm ${helm.version}, which takes minutes`);
  await goBuild(build, work);
  return { origin: "built", from: pinnedModules(build), toolchain };
}

endOnSignals();
try {
  await main();
} catch (error) {
  say(`ERROR: ${(error as Error).message}`);
  process.exitCode = 1;
}
