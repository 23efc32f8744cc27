import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { distributions, packagesFile } from "../config/packages.ts";
import { defaultBundle } from "./bundle-manifest.ts";
import { builtName, wantedFiles } from "./bundle-plan.ts";
import { type Architecture, resolveVersions } from "./lock.ts";
import { pushBundle } from "./push-bundle.ts";

/** Where hosts look for a bundle if the config says nothing else. */
const DEFAULT_FOLDER = "/var/cache/ha-kubernetes/bundle";

const HELP = `npm run bundle -- push [options] HOST...

Brings the bundle to hosts over SSH: to each the files of its architecture and distribution that it lacks. A run that was cut off
goes on where it ended. HOST is what ssh takes: user@host, ssh://user@host:port, or a name of your ssh config. The login is root,
or may use sudo without a password.

  --folder FOLDER         the bundle on this machine; default ${defaultBundle()}
  --to FOLDER             where it goes on the hosts (artifacts.location of the config); default ${DEFAULT_FOLDER}
  --kubernetes-version V  only the files of this version and of the parts that go with it, and packages; may be repeated
  --all                   for a mirror: the files of every architecture and distribution
  --identity FILE         the private key that logs in; default: ssh's own
  --known-hosts FILE      the hosts' keys; default: ssh's own
  --help
`;

/** `npm run bundle -- push`, with the words after that. */
export async function push(words: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      folder: { type: "string", default: defaultBundle() },
      to: { type: "string", default: DEFAULT_FOLDER },
      "kubernetes-version": { type: "string", multiple: true, default: [] },
      all: { type: "boolean", default: false },
      identity: { type: "string" },
      "known-hosts": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  if (positionals.length === 0) throw new Error("push: name the hosts, as in npm run bundle -- push root@10.0.0.11");
  const wrong = positionals.find((host) => !/^[^\s-]\S*$/.test(host));
  if (wrong !== undefined) throw new Error(`push: ${JSON.stringify(wrong)} is not a host`);
  if (!/^\/+[^/]/.test(values.to)) throw new Error(`--to ${JSON.stringify(values.to)}: an absolute path on the hosts, below /`);
  if (values.folder === "") throw new Error('--folder "": the bundle on this machine');
  const known = values["known-hosts"];
  const sshOptions = [
    ...(values.identity === undefined ? [] : ["-i", resolve(values.identity), "-o", "IdentitiesOnly=yes"]),
    ...(known === undefined ? [] : ["-o", `UserKnownHostsFile=${resolve(known)}`, "-o", "StrictHostKeyChecking=yes"]),
  ];
  const versions = values["kubernetes-version"];
  const only = namesOf(versions);
  const needed = (architecture: Architecture) => versions.flatMap((version) => programsOf(version, architecture));
  await pushBundle(positionals, { folder: resolve(values.folder), to: values.to, all: values.all, only, needed, sshOptions });
}

/** The names of the files of these versions, built or official, and of all packages. Undefined for no version: every file. */
function namesOf(kubernetesVersions: readonly string[]): ReadonlySet<string> | undefined {
  if (kubernetesVersions.length === 0) return undefined;
  const names = (["amd64", "arm64"] as const).flatMap((architecture) => [
    ...distributions.map((distribution) => packagesFile(distribution, architecture)),
    ...kubernetesVersions.flatMap((kubernetesVersion) => {
      const { versions } = resolveVersions({ kubernetesVersion, versions: {} });
      return wantedFiles(versions, architecture, "auto").flatMap((item) => [item.file, builtName(item)]);
    }),
  ]);
  return new Set(names);
}

/** The names, official and built, of each program that has the version of Kubernetes itself. */
const programsOf = (kubernetesVersion: string, architecture: Architecture): string[][] =>
  wantedFiles(resolveVersions({ kubernetesVersion, versions: {} }).versions, architecture, "auto").flatMap((item) =>
    "locked" in item && item.locked.part === "kubernetes" ? [[item.file, builtName(item)]] : [],
  );
