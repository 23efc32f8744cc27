import { readFileSync } from "node:fs";
import { setGlobalProxyFromEnv } from "node:http";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Distribution, distributions } from "../config/packages.ts";
import { pinnedImage } from "../config/places.ts";
import type { Cluster } from "../config/schema.ts";
import type { Part } from "../config/versions.ts";
import { fillBundle, hashesOf, missingFiles } from "./bundle.ts";
import { defaultBundle } from "./bundle-manifest.ts";
import { type BundleSource, pulledArchives, type Wanted, wantedFiles, wantedImages } from "./bundle-plan.ts";
import { extraImage } from "./extra-images.ts";
import { ownArchitecture } from "./go-build.ts";
import type { LockedImage } from "./images.ts";
import { knownVersions } from "./known-versions.ts";
import { type Architecture, type ImageLock, resolveVersions } from "./lock.ts";
import { hasManifest, lockedManifest, type ManifestArgs, makeManifest } from "./manifests.ts";
import { onlyOneAtATime } from "./one-at-a-time.ts";
import { hasPackages, makePackages, packageHashes } from "./os-packages.ts";
import { push } from "./push-command.ts";
import { endAll, endOnSignals, say } from "./run-program.ts";

const known = knownVersions();

const HELP = `npm run bundle -- [options]
npm run bundle -- push [options] HOST...   brings it to hosts, see npm run bundle -- push --help

Fills a folder with the binaries and images of a cluster: a bundle for hosts without internet, or the files of a mirror.
Existing files are checked and left alone.

  --kubernetes-version V  may be repeated. Can be built: ${known.whole.built.join(", ")}; published whole, for
                          --source official: ${known.whole.published.join(", ")}.
                          Default ${known.defaults.built}; with --source official ${known.defaults.published}
  --version PART=V        a version of ${Object.keys(known.parts).join(", ")} other than the recommended one; may be repeated
  --architecture A        amd64 or arm64. Default: this machine's
  --output FOLDER         default ${defaultBundle()}
  --source SOURCE         official: the projects' own files; images stay in their registries
                          build: everything built from public Go modules, which takes Go and about ten minutes
                          auto (default): official files if this machine reaches them and artifacts/lock.json knows their
                          SHA-256; everything else is built
  --images                the projects' own images, from their registries by digest, with skopeo; default: with --source
                          official none, else built ones
  --os NAME               with the packages that hosts of this distribution need: ${distributions.join(", ")}; may be
                          repeated. Default: none, hosts take packages from their own sources
  --lock FILE[#NAME,...]  with the images and manifests of another lock, or some of them, such as
                          addons/lock.json#metrics-server for an add-on that the config turns on, or a provider's; may be
                          repeated. The first preview of a config without them says which
  --image IMAGE           with an image of your own, NAME:TAG@sha256:DIGEST, from its registry with skopeo; may be repeated
  --hashes                prints the files' SHA-256 by name, as JSON
  --help
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "kubernetes-version": { type: "string", multiple: true },
      version: { type: "string", multiple: true, default: [] },
      architecture: { type: "string" },
      output: { type: "string" },
      source: { type: "string", default: "auto" },
      images: { type: "boolean", default: false },
      os: { type: "string", multiple: true, default: [] },
      lock: { type: "string", multiple: true, default: [] },
      image: { type: "string", multiple: true, default: [] },
      hashes: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (positionals[0] === "push") throw new Error("push comes first: npm run bundle -- push [options] HOST...");
  if (positionals.length > 0)
    throw new Error(
      `${positionals[0]} is not a word of this command: it is npm run bundle -- [options], or push; --help says more`,
    );
  if (values.output === "") throw new Error('--output "": the folder of the bundle');
  const architecture = oneOf("architecture", values.architecture ?? ownArchitecture(), ["amd64", "arm64"]) as Architecture;
  const source = oneOf("source", values.source, ["official", "build", "auto"]) as BundleSource;
  const parts = Object.fromEntries(values.version.map(partVersion)) as Cluster["versions"];
  const locks = values.lock.map(readLock);
  const folder = resolve(values.output ?? defaultBundle());
  const wanted = new Map<string, Wanted>();
  const manifests = new Map<string, ManifestArgs>();
  const usual = source === "official" ? known.defaults.published : known.defaults.built;
  for (const kubernetesVersion of values["kubernetes-version"] ?? [usual]) {
    const { versions } = resolveVersions({ kubernetesVersion, versions: parts });
    const pulled = values.images ? wantedImages(versions, architecture, locks) : [];
    const own = pulledArchives(values.image.map(imageOf), architecture);
    for (const item of [...wantedFiles(versions, architecture, source, locks), ...pulled, ...own]) wanted.set(item.file, item);
    for (const from of locks) {
      for (const name of Object.keys(from.manifests ?? {})) {
        const manifest = lockedManifest(name, versions, from);
        manifests.set(manifest.file, { folder, source, manifest });
      }
    }
  }
  const bundle = { folder, architecture, source, wanted: [...wanted.values()] };
  const packages = values.os.map((name) => ({
    folder,
    architecture,
    distribution: oneOf("os", name, distributions) as Distribution,
  }));
  const beside = [...manifests.values()];
  const have = async () => (await Promise.all([...packages.map(hasPackages), ...beside.map(hasManifest)])).every(Boolean);
  // If every file exists, this run does not wait for another one.
  if ((await have()) && (await missingFiles(bundle)).length === 0) {
    say(`bundle ${folder}: all ${bundle.wanted.length + packages.length + beside.length} files are there`);
  } else {
    await onlyOneAtATime();
    await fillBundle(bundle);
    // The other run may have made them.
    for (const one of packages) if (!(await hasPackages(one))) await makePackages(one);
    for (const one of beside) if (!(await hasManifest(one))) await makeManifest(one);
  }
  if (values.hashes) process.stdout.write(`${JSON.stringify({ ...hashesOf(bundle), ...packageHashes(packages) })}\n`);
}

/** An image with its name, tag and digest. */
function imageOf(text: string): LockedImage {
  const { error } = pinnedImage.safeParse(text);
  if (error !== undefined) throw new Error(`--image ${text} is not ${error.issues[0]?.message}`);
  return extraImage(text);
}

/** `FILE` or `FILE#NAME,...` */
function readLock(text: string): ImageLock {
  const [path = "", names] = text.split("#");
  const content = parsed(path);
  if (content === null || typeof content.images !== "object" || content.images === null)
    throw new Error(`--lock ${path} is not a lock: it has no images`);
  const { images, manifests = {} } = content;
  const all = [...Object.keys(images), ...Object.keys(manifests)];
  const chosen = names?.split(",") ?? all;
  for (const name of chosen) oneOf("lock", name, all);
  const only = <T>(entries: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => chosen.includes(name)));
  return { ...content, images: only(images), manifests: only(manifests), path: resolve(path) };
}

function parsed(path: string): ImageLock | null {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`--lock ${path} can't be read as JSON: ${(error as Error).message}`);
  }
}

function partVersion(text: string): [string, string] {
  const [part = "", version = ""] = text.split("=");
  oneOf("version", part, Object.keys(known.parts));
  if (version === "")
    throw new Error(`--version ${text}: it is PART=VERSION, such as ${part}=${known.parts[part as Part].at(-1)}`);
  return [part, version];
}

function oneOf(option: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new Error(`--${option} ${value}: it is one of ${allowed.join(", ")}`);
}

endOnSignals();
try {
  // As go, skopeo and apt do by themselves.
  setGlobalProxyFromEnv();
  const [verb, ...words] = process.argv.slice(2);
  await (verb === "push" ? push(words) : main());
} catch (error) {
  say(`ERROR: ${(error as Error).message}`);
  endAll();
  // Downloads that still run would hold it up; the next run continues them.
  process.exit(1);
}
