import type { KnownVersions, PartVersions } from "./versions.ts";

const parts: PartVersions = {
  etcd: "3.6.14",
  containerd: "2.3.4",
  runc: "1.4.3",
  cniPlugins: "1.9.1",
  flannel: "0.28.4",
  coredns: "1.14.2",
};

/** The versions that artifacts/lock.json has. */
export function knownVersions(): KnownVersions {
  const kubernetes = ["1.35.4", "1.36.1", "1.36.3"];
  const lists = Object.fromEntries(Object.entries(parts).map(([part, version]) => [part, [version]]));
  return {
    kubernetes,
    parts: lists as unknown as KnownVersions["parts"],
    recommended: (version) => (kubernetes.includes(version) ? parts : undefined),
  };
}
