import type { Part } from "./versions.ts";

// What one version needs of another, as minimums: newer patch versions need no entry. The projects' own words are the source of each.

/** A part's least version from a minor version of Kubernetes on. */
export const kubernetesNeeds: readonly { part: Part; kubernetes: string; least: string }[] = [
  // The table "Kubernetes Support" of containerd's RELEASES.md.
  { part: "containerd", kubernetes: "1.37.0", least: "2.3.0" },
  { part: "containerd", kubernetes: "1.36.0", least: "2.2.0" },
  // MinExternalEtcdVersion in kubeadm's constants, 3.5.24-0 from 1.34 to 1.37.
  { part: "etcd", kubernetes: "1.34.0", least: "3.5.24" },
];

/** Minor versions of etcd that are reached only from a late patch version of the minor one before: etcd's upgrade guides. */
export const etcdSteps: readonly { to: string; from: string; least: string; why: string }[] = [
  { from: "3.5", to: "3.6", least: "3.5.26", why: "before, removed members can come back to life" },
  { from: "3.6", to: "3.7", least: "3.6.11", why: "earlier members may not work beside those of 3.7" },
];
