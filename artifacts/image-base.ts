import { copyFile, mkdir, readdir, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Wanted } from "./bundle-plan.ts";
import type { Architecture } from "./lock.ts";
import { run } from "./run-program.ts";

// The lower layer of kube-proxy's and flannel's images: the tools for the kernel's packet filter, from Debian's or Ubuntu's own
// packages. apt checks their signatures; the manifest records their versions.

/** Whether a file of a bundle holds images that stand on this layer. */
export const standsOnBase = (item: Wanted): boolean => "images" in item && item.images.some(({ build }) => build?.base);

/** Raised when the files change, so that images on older files are built again. Revision 2 added /etc/protocols. */
export const BASE_REVISION = 2;

const PACKAGES = ["iptables", "nftables", "ipset", "conntrack", "busybox-static", "netbase"];

/** The programs, by path in their package. iptables is the nftables variant, the default of the distributions. */
const PROGRAMS = ["usr/sbin/xtables-nft-multi", "usr/sbin/nft", "*sbin/ipset", "usr/sbin/conntrack"];
const IPTABLES = ["iptables", "ip6tables"].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);

/** Path of the loader of shared libraries, by the ABI of each architecture. */
const LOADERS: Record<Architecture, string> = { amd64: "lib64/ld-linux-x86-64.so.2", arm64: "lib/ld-linux-aarch64.so.1" };

/** Makes the files in `folder`. Returns their packages with versions. Throws if there is no apt. */
export async function makeBase(folder: string, architecture: Architecture): Promise<string[]> {
  const packages = `${folder}.packages`;
  const unpacked = join(packages, "unpacked");
  await rm(packages, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
  await mkdir(unpacked, { recursive: true });
  await mkdir(folder, { recursive: true });
  const archives = await downloadPackages(packages);
  for (const archive of archives) await run("dpkg-deb", ["-x", join(packages, archive), unpacked]);
  // /bin is /usr/bin and so on, as in the distributions.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(folder, "usr", name), { recursive: true });
    await symlink(join("usr", name), join(folder, name));
  }
  await take(join(unpacked, await match(unpacked, "*/ld-linux*.so.*")), join(folder, LOADERS[architecture]));
  await takePrograms(unpacked, folder);
  // Without it nft names protocols by number: a restarted kube-proxy then considers its own Services' elements stale and deletes them.
  await take(join(unpacked, "etc/protocols"), join(folder, "etc/protocols"));
  await rm(packages, { recursive: true, force: true });
  // name_version_architecture.deb; an epoch's colon is written %3a.
  return archives.map((archive) => archive.split("_").slice(0, 2).join(" ").replace("%3a", ":")).sort();
}

async function downloadPackages(folder: string): Promise<string[]> {
  const no = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const list = async () => {
    const said = await run("apt-cache", ["depends", "--recurse", ...no, ...PACKAGES]);
    const names = said.split("\n").filter((line) => /^[a-z0-9]/.test(line));
    await run("apt-get", ["download", "-q", "-o", "APT::Sandbox::User=root", ...names], { cwd: folder });
  };
  try {
    await list();
  } catch (error) {
    if (process.getuid?.() !== 0)
      throw new Error(`images need ${PACKAGES.join(", ")} from Debian's or Ubuntu's apt: ${(error as Error).message}`);
    await run("apt-get", ["update", "-q"]);
    await list();
  }
  return (await readdir(folder)).filter((name) => name.endsWith(".deb")).sort();
}

async function takePrograms(unpacked: string, folder: string): Promise<void> {
  for (const pattern of PROGRAMS) {
    const path = await match(unpacked, pattern);
    await take(join(unpacked, path), join(folder, "usr/sbin", basename(path)));
    await takeLibraries(unpacked, folder, path);
  }
  for (const name of IPTABLES) await symlink("xtables-nft-multi", join(folder, "usr/sbin", name));
  await take(join(unpacked, await match(unpacked, "*bin/busybox")), join(folder, "usr/bin/busybox"));
  for (const name of ["cp", "sh"]) await symlink("busybox", join(folder, "usr/bin", name));
  // The matches and targets of iptables, which it loads when a rule names them, without those of its legacy and bridge variants.
  const extensions = await match(unpacked, "usr/lib/*/xtables");
  for (const name of await readdir(join(unpacked, extensions))) {
    if (/^lib(xt|ipt|ip6t)_/.test(name)) await take(join(unpacked, extensions, name), join(folder, extensions, name));
  }
}

/** Copies the libraries that the packages' own loader finds for a program. */
async function takeLibraries(unpacked: string, folder: string, program: string): Promise<void> {
  const loader = join(unpacked, await match(unpacked, "*/ld-linux*.so.*"));
  const folders = [dirname(await match(unpacked, "*/libc.so.6")), dirname(await match(unpacked, "*/libnftables.so.1"))];
  const path = folders.map((it) => join(unpacked, it)).join(":");
  const said = await run(loader, ["--library-path", path, "--list", join(unpacked, program)]);
  for (const [, library = ""] of said.matchAll(/ => (\/\S+)/g)) {
    if (!library.startsWith(unpacked)) {
      throw new Error(`${program} needs ${library}, which is in none of the packages ${PACKAGES.join(", ")}`);
    }
    await take(library, join(folder, "usr/lib", basename(dirname(library)), basename(library)));
  }
}

/** Copies the content of a file, through links, once. */
async function take(from: string, to: string): Promise<void> {
  if (await stat(to).catch(() => undefined)) return;
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

async function match(folder: string, pattern: string): Promise<string> {
  const found = (await run("find", [folder, "-path", `${folder}/${pattern}`])).trim().split("\n").sort();
  const path = found[0];
  if (path === undefined || path === "") throw new Error(`none of the packages ${PACKAGES.join(", ")} holds ${pattern}`);
  return path.slice(folder.length + 1);
}
