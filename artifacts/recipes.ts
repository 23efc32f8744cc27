import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LockedImage } from "./images.ts";
import { type FileName, filled, type ImageBuild, lock } from "./lock.ts";

// How to build each program from public Go modules, if its official file is not available. artifacts/go has a folder for each version
// of each project that can be built, made by `npm run pin`.

/** One call of `go build`: programs of one project with the same flags. */
export interface GoBuild {
  /** The folder whose go.mod and go.sum pin the programs' modules and all that these import. */
  folder: string;
  /** The version that is built, without v. */
  version: string;
  /** Programs by name, and the package of each. */
  programs: Record<string, string>;
  /** Linked against C libraries, statically. */
  cgo?: boolean;
  tags?: readonly string[];
  /** Text variables that the linker sets, by full name. */
  variables: Readonly<Record<string, string>>;
  /** A note for the manifest if the programs differ from the requested ones, with the reason. */
  note?: string;
}

const KUBERNETES = "k8s.io/kubernetes";
const CNI_PLUGINS = "github.com/containernetworking/plugins";

/** The build that a release file needs. Throws if the repository has no folder for it. */
export function buildOfFile(name: FileName, version: string): GoBuild {
  const build = recipe(name, version);
  if (isPinned(build.folder)) return build;
  throw new Error(`${name} ${version} ${notPinned(build.folder)}`);
}

/** Whether a release file can be built. */
export const canBuild = (name: FileName, version: string) => isPinned(recipe(name, version).folder);
/** Whether an image's program can be built. */
export const canBuildImage = ({ build }: LockedImage) => build?.folder !== undefined && isPinned(build.folder);

const isPinned = (folder: string) => existsSync(join(folder, "go.mod"));

function recipe(name: FileName, version: string): GoBuild {
  switch (name) {
    case "kubeadm":
    case "kubelet":
    case "kubectl":
      return { ...own("kubernetes", version, { [name]: `${KUBERNETES}/cmd/${name}` }), variables: kubernetesVariables(version) };
    case "etcd":
      return own("etcd", version, {
        etcd: "go.etcd.io/etcd/server/v3",
        etcdctl: "go.etcd.io/etcd/etcdctl/v3",
        etcdutl: "go.etcd.io/etcd/etcdutl/v3",
      });
    case "containerd": {
      const module = "github.com/containerd/containerd/v2";
      const programs = ["containerd", "containerd-shim-runc-v2", "ctr"].map((it) => [it, `${module}/cmd/${it}`]);
      return {
        ...own("containerd", version, Object.fromEntries(programs)),
        variables: { [`${module}/version.Version`]: `v${version}` },
      };
    }
    case "runc":
      return {
        ...own("runc", version, { runc: "github.com/opencontainers/runc" }),
        cgo: true,
        // Without seccomp every pod fails.
        tags: ["seccomp", "netgo", "osusergo"],
        variables: { "main.version": version },
      };
    case "cni-plugins": {
      const kinds: Record<string, string> = { bridge: "main", loopback: "main", "host-local": "ipam" };
      const members = lock.files["cni-plugins"].members ?? [];
      const programs = members.map((it) => [it, `${CNI_PLUGINS}/plugins/${kinds[it] ?? "meta"}/${it}`]);
      return {
        ...own("cni-plugins", version, Object.fromEntries(programs)),
        variables: { [`${CNI_PLUGINS}/pkg/utils/buildversion.BuildVersion`]: `v${version}` },
      };
    }
    case "flannel-cni":
      return {
        ...own("flannel-cni", "0.9.1", { flannel: `${CNI_PLUGINS}/plugins/meta/flannel` }),
        note: "the flannel plugin of the CNI project's plugins 0.9.1: flannel's own plugin has no public Go module; speaks CNI 0.3.1",
      };
    case "crictl":
      return {
        ...own("crictl", version, { crictl: "sigs.k8s.io/cri-tools/cmd/crictl" }),
        variables: { "sigs.k8s.io/cri-tools/pkg/version.Version": version },
      };
  }
}

/** The builds that an archive of images needs. A program of this repository needs none. Throws if there is no folder for one. */
export function buildsOfImages(images: readonly LockedImage[]): GoBuild[] {
  return merged(
    images.flatMap(({ name, version, build }) => {
      if (build?.package === undefined || build.folder === undefined) return [];
      const { package: path, folder, cgo, tags, variables = {} } = build;
      if (!isPinned(folder)) throw new Error(`image ${name} ${version} ${notPinned(folder)}`);
      const values = Object.entries(variables).map(([variable, value]) => [variable, filled(value, version)]);
      return [
        {
          folder,
          version,
          programs: { [basename(entrypointOf(name, build))]: path },
          ...(cgo && { cgo }),
          ...(tags && { tags }),
          variables: path.startsWith(`${KUBERNETES}/`) ? kubernetesVariables(version) : Object.fromEntries(values),
        },
      ];
    }),
  );
}

/** The path of the program in an image. */
export const entrypointOf = (name: string, { entrypoint }: ImageBuild): string => entrypoint ?? `/usr/local/bin/${name}`;

/** Joins builds of the same folder into one call, which loads and compiles shared packages once. */
export function merged(builds: readonly GoBuild[]): GoBuild[] {
  const byFolder = new Map<string, GoBuild>();
  for (const build of builds) {
    const other = byFolder.get(build.folder);
    byFolder.set(build.folder, other === undefined ? build : { ...other, programs: { ...other.programs, ...build.programs } });
  }
  return [...byFolder.values()];
}

const own = (project: string, version: string, programs: Record<string, string>): GoBuild => ({
  folder: fileURLToPath(new URL(`go/${project}-${version}`, import.meta.url)),
  version,
  programs,
  variables: {},
});

const notPinned = (folder: string) =>
  `can't be built here: there is no ${folder.replace(/.*\/(?=artifacts|providers)/, "")}. Take the project's own file, or pin its Go modules: ` +
  `npm run pin -- ${basename(folder).replace(/-(?=\d+\.\d+\.\d+)/, " ")}`;

/** kubeadm refuses to run without a version, its own or the kubelet's. */
function kubernetesVariables(version: string): Record<string, string> {
  const [major = "", minor = ""] = version.split(".");
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  return Object.fromEntries(packages.flatMap((path) => Object.entries(values).map(([key, v]) => [`${path}.${key}`, v])));
}
