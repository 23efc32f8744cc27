import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { kubernetesNeeds } from "../version-needs.ts";
import { compareVersions, type KnownVersions, minorOf, type Part, partVersions, sorted } from "../versions.ts";
import { at, type Rule } from "./rule.ts";

// Versions: known ones, and ones that work together.

const inLock = "a version that artifacts/lock.json has, or a lock of your own";
const oneOf = (versions: readonly string[]) => (versions.length === 0 ? "none" : sorted(versions).join(", "));

/** A version that the lock lacks: of a minor version that this release knows, it can be added. */
function notKnown(key: string, name: string, version: string, versions: readonly string[]): Problem[] {
  if (versions.includes(version)) return [];
  const found = `is ${shown(version)}`;
  const minors = [...new Set(sorted(versions).map(minorOf))];
  if (minors.includes(minorOf(version)))
    return oneProblem(key, found, `${inLock}: ${oneOf(versions)}`, `npm run lock -- add ${name} ${version} adds it to yours`);
  return oneProblem(key, found, `${inLock}: ${oneOf(versions)}; this release knows ${oneOf(minors)} and no other minor version`);
}

const knownKubernetes: Rule = {
  says: "`kubernetesVersion` and every one of `versions` is in artifacts/lock.json, or in a lock of your own. Minor versions that this release doesn't know are refused.",
  check: (cluster, known) => [
    ...notKnown(at("kubernetesVersion"), "kubernetes", cluster.kubernetesVersion, known.kubernetes),
    ...(Object.keys(known.parts) as Part[]).flatMap((part) => {
      const version = cluster.versions[part];
      return version === undefined ? [] : notKnown(at("versions", part), part, version, known.parts[part]);
    }),
  ],
};

const canBeBuilt: Rule = {
  says: "Where the provider makes the files, as the lab does, `kubernetesVersion` and every one of `versions` can be built.",
  check({ kubernetesVersion, versions, provider, traits }, known) {
    if (!traits.makesArtifacts) return [];
    const parts = Object.entries(versions) as [Part, string | undefined][];
    const all = [
      { key: at("kubernetesVersion"), version: kubernetesVersion, has: known.kubernetes, built: known.whole.built },
      ...parts.map(([part, version]) => ({
        key: at("versions", part),
        version,
        has: known.parts[part],
        built: known.builtParts[part],
      })),
    ];
    return all
      .filter(({ version, has, built }) => version !== undefined && has.includes(version) && !built.includes(version))
      .map(({ key, version, built }) => ({
        key,
        found: `is ${shown(version)}, which can't be built: artifacts/go has no folder of it: npm run pin makes one`,
        allowed: `with provider ${provider}: ${oneOf(built)}`,
      }));
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
export const versionRules: readonly Rule[] = [knownKubernetes, canBeBuilt, versionsTogether];
