import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { kubernetesNeeds } from "../version-needs.ts";
import { compareVersions, type KnownVersions, minorOf, type Part, partVersions, sorted } from "../versions.ts";
import { at, type Rule } from "./rule.ts";

// Versions: known ones, and ones that work together.

const oneKnown = (versions: readonly string[]) => (versions.length === 0 ? "none" : sorted(versions).join(", "));

const knownKubernetes: Rule = {
  says: "`kubernetesVersion` and every one of `versions` is in artifacts/lock.json.",
  check(cluster, known) {
    const problems: Problem[] = [];
    const inLock = "a version that artifacts/lock.json has";
    if (!known.kubernetes.includes(cluster.kubernetesVersion)) {
      problems.push({
        key: at("kubernetesVersion"),
        found: `is ${shown(cluster.kubernetesVersion)}`,
        allowed: `${inLock}: ${oneKnown(known.kubernetes)}`,
      });
    }
    for (const part of Object.keys(known.parts) as Part[]) {
      const version = cluster.versions[part];
      if (version === undefined || known.parts[part].includes(version)) continue;
      problems.push({
        key: at("versions", part),
        found: `is ${shown(version)}`,
        allowed: `${inLock}: ${oneKnown(known.parts[part])}`,
      });
    }
    return problems;
  },
};

const versionsTogether: Rule = {
  says: "Kubernetes 1.37 has containerd 2.3 or newer, 1.36 has 2.2 or newer; 1.34 and newer have etcd 3.5.24 or newer.",
  check: (cluster, known) =>
    (["containerd", "etcd"] as const).flatMap((part) => {
      const need = kubernetesNeeds.find(
        (it) => it.part === part && compareVersions(cluster.kubernetesVersion, it.kubernetes) >= 0,
      );
      return need === undefined ? [] : tooOld(cluster, known, part, need.least);
    }),
};

function tooOld(cluster: Cluster, known: KnownVersions, part: Part, least: string): Problem[] {
  const version = partVersions(cluster, known)?.[part];
  if (version === undefined || compareVersions(version, least) >= 0) return [];
  const allowed = `${least} or newer with Kubernetes ${minorOf(cluster.kubernetesVersion)}`;
  return oneProblem(at("versions", part), `is ${shown(version)}`, allowed);
}

/** Rules about versions. */
export const versionRules: readonly Rule[] = [knownKubernetes, versionsTogether];
