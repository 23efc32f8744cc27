import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Distribution } from "../config/packages.ts";
import type { Architecture } from "./lock.ts";

// The archives of the distributions whose packages a bundle can hold, and who signs them.

/** A package that holds an archive's public keys. */
interface Keyring {
  /** Where it lies in the archive. */
  path: string;
  sha256: string;
  /** The file in it, which is also where a machine of that distribution has it. */
  file: string;
}

/** Where a distribution's packages are. */
export interface Archive {
  /** By architecture: Ubuntu serves others than amd64 elsewhere. */
  url: Readonly<Record<Architecture, string>>;
  /** Suites of `url`. */
  suites: readonly string[];
  /** Where security updates are, and their suite. */
  security: { url: Readonly<Record<Architecture, string>>; suite: string };
  components: string;
  keyring: Keyring;
}

// The package of Debian 12.12, whose SHA-256 is in that release's signed index; it has the keys of Debian 13, too.
const debianKeyring: Keyring = {
  path: "pool/main/d/debian-archive-keyring/debian-archive-keyring_2023.3+deb12u2_all.deb",
  sha256: "f699e2f88dca05212f2a452b58475f2993cb6993dfbafb1d0205a3291eb8b4b8",
  file: "/usr/share/keyrings/debian-archive-keyring.gpg",
};

// The package of Ubuntu 24.04, whose SHA-256 is in that release's signed index. Its keys have the fingerprints that Ubuntu publishes:
// 790BC727 7767219C 42C86F93 3B4FE6AC C0B21F32 (2012) and F6ECB376 2474EDA9 D21B7022 871920D1 991BC93C (2018).
const ubuntuKeyring: Keyring = {
  path: "pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb",
  sha256: "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8",
  file: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
};

const everywhere = (url: string) => ({ amd64: url, arm64: url });

/** The first mirror of Debian that apt's sources name, else Debian's own. It needs no trust: apt checks the signed index. */
export const debianMirror = (sources: string): string =>
  /https?:\/\/\S+\/debian(?=\/?(\s|$))/.exec(sources.replace(/^\s*#.*$/gm, ""))?.[0] ?? "http://ftp.debian.org/debian";

/** What this machine's apt has as its sources; empty where there is no apt. */
function sourcesOfThisMachine(folder = "/etc/apt"): string {
  const parts = join(folder, "sources.list.d");
  const files = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
  return [join(folder, "sources.list"), ...files]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
}

const debian = (codename: string): Archive => ({
  // Read when packages are made: other commands load this module, too.
  get url() {
    return everywhere(debianMirror(sourcesOfThisMachine()));
  },
  suites: [codename, `${codename}-updates`],
  security: { url: everywhere("http://security.debian.org/debian-security"), suite: `${codename}-security` },
  components: "main",
  keyring: debianKeyring,
});

const ports = "http://ports.ubuntu.com/ubuntu-ports";
const ubuntu = (codename: string): Archive => ({
  url: { amd64: "http://archive.ubuntu.com/ubuntu", arm64: ports },
  suites: [codename, `${codename}-updates`],
  security: { url: { amd64: "http://security.ubuntu.com/ubuntu", arm64: ports }, suite: `${codename}-security` },
  components: "main universe",
  keyring: ubuntuKeyring,
});

/** Each distribution's archive. Plain HTTP: apt checks the signature of the index, and by it every package. */
export const archives: Readonly<Record<Distribution, Archive>> = {
  "debian-12": debian("bookworm"),
  "debian-13": debian("trixie"),
  "ubuntu-22.04": ubuntu("jammy"),
  "ubuntu-24.04": ubuntu("noble"),
};

/** The lines of apt's sources.list for an archive whose keys are in `keyring`. */
export function sourcesList({ url, suites, security, components }: Archive, architecture: Architecture, keyring: string): string {
  const line = (from: string, suite: string) =>
    `deb [arch=${architecture} signed-by=${keyring}] ${from} ${suite} ${components}\n`;
  return [...suites.map((suite) => line(url[architecture], suite)), line(security.url[architecture], security.suite)].join("");
}
