import { keyPath, oneProblem } from "../problems.ts";
import { farthestMinors, stops } from "../upgrade-path.ts";
import { etcdSteps } from "../version-needs.ts";
import { compareVersions, minorOf, minorSteps, sorted } from "../versions.ts";
import { alive, type Change, type Refusal, without } from "./change.ts";

// How versions may change. Kubernetes' rules: no downgrade, one minor version at a time (the version skew policy and kubeadm).

interface Hop {
  part: string;
  key: string;
  from: string;
  to: string;
  known: readonly string[];
}

/** Changes of Kubernetes' and etcd's version; only these two keep data that an older version can't read. */
function hops({ before, after, known }: Change): Hop[] {
  const all = [
    {
      part: "Kubernetes",
      key: keyPath(["kubernetesVersion"]),
      from: before.kubernetesVersion,
      to: after.kubernetesVersion,
      // Those that can be had whole, from wherever.
      known: [...known.whole.published, ...known.whole.built],
    },
    {
      part: "etcd",
      key: keyPath(["versions", "etcd"]),
      from: before.versions.etcd,
      to: after.versions.etcd,
      known: known.parts.etcd,
    },
  ];
  return all.flatMap(({ from, to, ...rest }) =>
    // That refusal alone says what to do about a version that nobody named.
    (rest.part === "Kubernetes" && after.defaultVersion) || from === undefined || to === undefined || from === to
      ? []
      : [{ ...rest, from, to }],
  );
}

const anotherDefault: Refusal = {
  says: "Without `kubernetesVersion`, a cluster doesn't change to another release's default by itself.",
  check: ({ before: { kubernetesVersion: from }, after: { kubernetesVersion: to, defaultVersion } }) =>
    defaultVersion === undefined || from === to
      ? []
      : oneProblem(
          keyPath(["kubernetesVersion"]),
          `is missing, and its default is now ${to}; the last up made ${from}`,
          "a version by name",
          `write kubernetesVersion: ${from} to keep it, or ${to} to change to that`,
        ),
};

const changes = ({ part, from, to }: Hop) => `would take ${part} from ${from} to ${to}`;

const minorDowngrade: Refusal = {
  says: "Kubernetes and etcd don't go back a minor version: the older one can't read the newer one's data.",
  check: (change) =>
    hops(change)
      .filter(({ from, to }) => minorSteps(from, to) < 0)
      .map((hop) => ({
        key: hop.key,
        found: changes(hop),
        allowed: `${hop.from} or newer`,
        cure: "put it back; to return to the older version, restore a snapshot into a new cluster",
      })),
};

const patchDowngrade: Refusal = {
  says: "Kubernetes and etcd don't go back a patch version.",
  override: "patch-downgrade",
  check: (change) =>
    hops(change)
      .filter(({ from, to }) => minorSteps(from, to) === 0 && compareVersions(from, to) > 0)
      .map((hop) => ({ key: hop.key, found: changes(hop), allowed: `${hop.from} or newer`, cure: "put it back" })),
};

/** What to do about versions between: the newest known one of each minor version, then the target. */
function path({ part, from, to, known }: Hop): string {
  const between = stops(from, to, known);
  const named = between.map(({ minor, version }) => version ?? `a ${minor} (artifacts/lock.json has none)`);
  const auto =
    part === "Kubernetes" && between.length < farthestMinors && between.every(({ version }) => version !== undefined)
      ? "; or set upgradePath: auto, which walks it in one up"
      : "";
  return `go this path, with an up after each: ${[...named, to].join(", then ")}${auto}`;
}

const skippedMinor: Refusal = {
  says: "Kubernetes and etcd go up one minor version at a time. With `upgradePath: auto`, one `up` takes Kubernetes up to three further.",
  check: (change) =>
    hops(change)
      .filter(({ from, to }) => minorSteps(from, to) > 1)
      .filter(({ part }) => part !== "Kubernetes" || change.after.kubernetesPath === undefined)
      .map((hop) => ({
        key: hop.key,
        found: `${changes(hop)}, ${minorSteps(hop.from, hop.to)} minor versions at once`,
        allowed: "the next minor version at most",
        cure: path(hop),
      })),
};

const etcdTooEarly: Refusal = {
  says: `etcd takes ${etcdSteps.map(({ from, to, least, why }) => `the step from ${from} to ${to} only from ${least} on: ${why}`).join("; ")}.`,
  check: (change) =>
    hops(change).flatMap((hop) => {
      const step = etcdSteps.find(({ from, to }) => hop.part === "etcd" && minorOf(hop.from) === from && minorOf(hop.to) === to);
      if (step === undefined || compareVersions(hop.from, step.least) >= 0) return [];
      const fits = hop.known.filter((version) => minorOf(version) === step.from && compareVersions(version, step.least) >= 0);
      const wanted = `${step.least} or a newer ${step.from}`;
      return {
        key: hop.key,
        found: changes(hop),
        allowed: `${step.to} only from ${wanted}`,
        cure: `go this path, with an up after each: ${sorted(fits).at(-1) ?? `${wanted} (artifacts/lock.json has none)`}, then ${hop.to}`,
      };
    }),
};

const oneThing: Refusal = {
  says: "Hosts don't come or go in the edit that changes a version of Kubernetes, etcd or containerd.",
  override: "change-with-upgrade",
  check({ before, after }) {
    const [were, are] = [alive(before), alive(after)];
    const moved = [...new Set([...without(were, are), ...without(are, were)])];
    if (moved.length === 0) return [];
    const versions = [
      { key: keyPath(["kubernetesVersion"]), from: before.kubernetesVersion, to: after.kubernetesVersion },
      ...["etcd", "containerd"].map((part) => ({
        key: keyPath(["versions", part]),
        from: before.versions[part],
        to: after.versions[part],
      })),
    ];
    return versions
      .filter(({ from, to }) => from !== to)
      .map(({ key, from, to }) => ({
        key,
        found: `would change from ${from} to ${to} while hosts come or go: ${moved.join(", ")}`,
        allowed: "one at a time",
        cure: "change the hosts first, with an up; then the version",
      }));
  },
};

/** Refusals about versions. */
export const versionRefusals: readonly Refusal[] = [
  anotherDefault,
  minorDowngrade,
  patchDowngrade,
  skippedMinor,
  etcdTooEarly,
  oneThing,
];
