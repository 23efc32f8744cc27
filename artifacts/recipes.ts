import { basename } from "node:path";
import { compareVersions } from "../config/versions.ts";
import type { LockedImage } from "./images.ts";
import { type FileName, filled, type ImageBuild, lock, lockedFile } from "./lock.ts";

// How to build each program from the public Go modules of lock.json, if its official file is not available.

/** One call of `go build`: programs of one module with the same flags. */
export interface GoBuild {
  module: string;
  /** The module's version, without v. */
  version: string;
  /** The module's hash in this version, as in a go.sum. */
  hash: string;
  /** Programs by name, and the package of each in the module. */
  programs: Record<string, string>;
  /** Linked against C libraries, statically. */
  cgo?: boolean;
  tags?: readonly string[];
  /** Text variables that the linker sets, by full name. */
  variables: Readonly<Record<string, string>>;
  /** Modules that the module's own go.mod lacks, with their versions. */
  requires?: Readonly<Record<string, string>>;
  /** Modules that have this version whatever the others require: the required one can't be had. */
  replaces?: Readonly<Record<string, string>>;
  /** A note for the manifest if the version differs from the requested one, with the reason. */
  note?: string;
}

/** Its staging modules and its version variables need their own treatment, here and in go-build.ts. */
export const KUBERNETES = "k8s.io/kubernetes";
const CRICTL = "sigs.k8s.io/cri-tools";

/** The builds that a release file needs. */
export function buildsOfFile(name: FileName, version: string): GoBuild[] {
  switch (name) {
    case "kubeadm":
    case "kubelet":
    case "kubectl":
      return [kubernetes({ [name]: `./cmd/${name}` }, version)];
    case "etcd":
      return [
        plain("go.etcd.io/etcd/server/v3", version, { etcd: "." }),
        plain("go.etcd.io/etcd/etcdctl/v3", version, { etcdctl: "." }),
        plain("go.etcd.io/etcd/etcdutl/v3", version, { etcdutl: "." }),
      ];
    case "containerd":
      return [containerd(version)];
    case "runc":
      return [
        {
          ...plain("github.com/opencontainers/runc", version, { runc: "." }),
          cgo: true,
          // Without seccomp every pod fails.
          tags: ["seccomp", "netgo", "osusergo"],
          variables: { "main.version": version },
        },
      ];
    case "cni-plugins":
      return [cniPlugins(version)];
    case "flannel-cni":
      return [
        {
          ...plain("github.com/containernetworking/plugins", "0.9.1", { flannel: "./plugins/meta/flannel" }),
          note: "the flannel plugin of the CNI project's plugins 0.9.1: flannel's own plugin has no public Go module; speaks CNI 0.3.1",
        },
      ];
    case "crictl":
      return [
        {
          ...plain(CRICTL, version, { crictl: "./cmd/crictl" }),
          variables: { "sigs.k8s.io/cri-tools/pkg/version.Version": version },
        },
      ];
  }
}

/** The builds that an archive of images needs. A program of this repository needs none of a module. */
export function buildsOfImages(images: readonly LockedImage[]): GoBuild[] {
  return merged(
    images.flatMap(({ name, version, build }) => {
      if (build?.module === undefined) return [];
      const { module, cgo, tags, variables = {}, requires, replaces, hashes } = build;
      const programs = { [basename(entrypointOf(name, build))]: build.package ?? "." };
      if (module === KUBERNETES) return [kubernetes(programs, version)];
      const values = Object.entries(variables).map(([variable, value]) => [variable, filled(value, version)]);
      return [
        {
          ...plain(module, version, programs, hashes),
          ...(cgo && { cgo }),
          ...(tags && { tags }),
          variables: Object.fromEntries(values),
          ...(requires && { requires }),
          ...(replaces && { replaces }),
        },
      ];
    }),
  );
}

/** The path of the program in an image. */
export const entrypointOf = (name: string, { entrypoint }: ImageBuild): string => entrypoint ?? `/usr/local/bin/${name}`;

/** Joins builds of the same module and flags into one call, which compiles shared packages once. */
export function merged(builds: readonly GoBuild[]): GoBuild[] {
  const byModule = new Map<string, GoBuild>();
  for (const build of builds) {
    const key = `${build.module}@${build.version}`;
    const other = byModule.get(key);
    byModule.set(key, other === undefined ? build : { ...other, programs: { ...other.programs, ...build.programs } });
  }
  return [...byModule.values()];
}

/** Whether a release file can be built. Of crictl, which hosts can do without, few versions are public Go modules. */
export const canBuild = (name: FileName, version: string) =>
  name !== "crictl" || nearest(Object.keys(lock.modules[CRICTL] ?? {}), version) !== undefined;

function kubernetes(programs: Record<string, string>, version: string): GoBuild {
  const [major = "", minor = ""] = version.split(".");
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  return {
    ...plain(KUBERNETES, version, programs),
    // kubeadm refuses to run without a version, its own or the kubelet's.
    variables: Object.fromEntries(packages.flatMap((path) => Object.entries(values).map(([key, v]) => [`${path}.${key}`, v]))),
  };
}

function containerd(version: string): GoBuild {
  const programs = ["containerd", "containerd-shim-runc-v2", "ctr"];
  return {
    ...plain("github.com/containerd/containerd/v2", version, Object.fromEntries(programs.map((name) => [name, `./cmd/${name}`]))),
    variables: { "github.com/containerd/containerd/v2/version.Version": `v${version}` },
  };
}

function cniPlugins(version: string): GoBuild {
  const kinds: Record<string, string> = { bridge: "main", loopback: "main", "host-local": "ipam" };
  const programs = lockedFile("cni-plugins", version, "amd64").members ?? [];
  return {
    ...plain(
      "github.com/containernetworking/plugins",
      version,
      Object.fromEntries(programs.map((name) => [name, `./plugins/${kinds[name] ?? "meta"}/${name}`])),
    ),
    variables: { "github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion": `v${version}` },
  };
}

/** A build of a module at a version, or at the nearest one with a known hash; then the note says so. */
function plain(module: string, wanted: string, programs: Record<string, string>, hashes = lock.modules[module] ?? {}): GoBuild {
  const versions = Object.keys(hashes);
  // Whoever asks for a version of Kubernetes gets no other one that calls itself so.
  const version = module === KUBERNETES ? versions.find((it) => it === wanted) : nearest(versions, wanted);
  const hash = hashes[version ?? ""];
  if (version === undefined || hash === undefined)
    throw new Error(`module ${module} version ${wanted} is not in artifacts/lock.json; it has ${versions.join(", ")}`);
  const note = `${Object.keys(programs).join(", ")} built from ${version}: module ${module} ${wanted} is not available`;
  return { module, version, hash, programs, variables: {}, ...(version === wanted ? {} : { note }) };
}

// Of the same minor version only: patch versions are interchangeable.
function nearest(versions: readonly string[], wanted: string): string | undefined {
  const minor = (version: string) => version.split(".").slice(0, 2).join(".");
  const patch = (version: string) => Number(version.split(".")[2]);
  const distance = (version: string) => Math.abs(patch(version) - patch(wanted));
  return versions
    .filter((version) => minor(version) === minor(wanted))
    .sort((a, b) => distance(a) - distance(b) || compareVersions(b, a))[0];
}
