import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { progress } from "../artifacts/go-progress.ts";

// If only package registries can be reached, the CLI is built from its Go module: engine/go/go.mod pins it in a `tool` line.

const folder = new URL("go/", import.meta.url).pathname;
const program = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";

/** Seconds between two lines of progress. */
const pace = 15;

/**
 * Builds the CLI into the cache: about seven minutes on two cores with empty caches. One builder runs at a time; the others wait for it
 * and use its result. A build that is killed leaves nothing that a later run would use.
 *
 * @throws Error if Go is missing or the build fails
 */
export async function build(cache: string, say: (line: string) => void): Promise<void> {
  const version = /pulumi\/pkg\/v3 v(\S+)/.exec(readFileSync(join(folder, "go.mod"), "utf8"))?.[1];
  if (version === undefined) throw new Error(`${folder}go.mod names no version of github.com/pulumi/pulumi/pkg/v3`);
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
  } catch (error) {
    throw new Error(`the Pulumi CLI can't be built: there is no Go on PATH`, { cause: error });
  }
  const target = join(cache, `v${version}`);
  mkdirSync(target, { recursive: true });
  // The CLI takes its version from the linker; without one, the SDK refuses it.
  const flags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`;
  const script = [
    'cd "$1"; test -x "$2/pulumi" && exit',
    "go mod download",
    'echo "packages $(go list -deps "$4" | wc -l)"',
    'go build -v -trimpath -ldflags "$3" -o "$2/pulumi.new" "$4" 2>&1',
    'mv "$2/pulumi.new" "$2/pulumi"',
  ].join("\n");
  say(`building the Pulumi CLI ${version} from its Go module, once: about seven minutes on two cores`);
  const args = [join(target, "lock"), "bash", "-euc", script, "build", folder, target, flags, program];
  // Without C, as Pulumi's own releases and bundles are built: what both import compiles once.
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
  await follow(spawn("flock", args, { stdio: ["ignore", "pipe", "inherit"], env }), say);
}

/** Waits for a build and reports its progress. Compiler output other than package names goes into the error. */
async function follow(child: ReturnType<typeof spawn>, say: (line: string) => void): Promise<void> {
  const started = Date.now();
  const strange: string[] = [];
  let [all, built, said] = [0, 0, started];
  const report = () => {
    if (Date.now() - said < pace * 1000) return;
    said = Date.now();
    const seconds = Math.round((said - started) / 1000);
    say(all === 0 ? `fetching modules, ${seconds} s` : progress(built, all, seconds));
  };
  const timer = setInterval(report, 1000);
  try {
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const [, total] = /^packages (\d+)$/.exec(line) ?? [];
        if (total !== undefined) all = Number(total);
        else if (/^[\w.@/+-]+$/.test(line)) built++;
        else strange.push(line);
      });
    }
    const status = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (status !== 0)
      throw new Error(`the build of the Pulumi CLI failed: ${strange.slice(-5).join("\n") || `status ${status}`}`);
  } finally {
    clearInterval(timer);
  }
}
