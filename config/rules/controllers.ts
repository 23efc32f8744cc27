import { posix } from "node:path";
import { folderOf } from "../component-files.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { isMapping } from "../shape.ts";
import { goMilliseconds } from "./go-arguments.ts";
import { within } from "./paths.ts";
import { at, type Rule } from "./rule.ts";

// What kube-controller-manager and kube-scheduler don't start with, or pass over, beyond values that they can't read.

const both = ["controllerManager", "scheduler"] as const;
type One = (typeof both)[number];

const argument = (component: One, name: string, value: string, allowed: string, cure?: string): Problem[] =>
  oneProblem(at(component, "extraArgs", name), `is ${shown(value)}`, allowed, cure);

/** The defaults of leader election (component-base's config/v1alpha1/defaults.go), and client-go's jitter of the retry period. */
const election = { lease: "15s", renew: "10s", retry: "2s", jitter: 1.2 };

const leases: Rule = {
  says: "In `controllerManager.extraArgs` and `scheduler.extraArgs` a lease lasts longer than its holder tries to renew it, and that for more than 1.2 times as long as it waits between two tries: else the component ends.",
  check: (cluster) =>
    both.flatMap((component) => {
      const { extraArgs } = cluster[component];
      const of = (name: string, usual: string) => ({
        name,
        text: extraArgs[name] ?? usual,
        given: extraArgs[name] !== undefined,
      });
      const lease = of("leader-elect-lease-duration", election.lease);
      const renew = of("leader-elect-renew-deadline", election.renew);
      const retry = of("leader-elect-retry-period", election.retry);
      const [a, b, c] = [lease, renew, retry].map(({ text }) => goMilliseconds(text));
      if (a === undefined || b === undefined || c === undefined) return [];
      // At the argument that the config gives.
      const at = (first: typeof lease, second: typeof lease) => (first.given || !second.given ? first : second);
      const problem = (one: typeof lease, allowed: string) => argument(component, one.name, one.text, allowed);
      return [
        ...(a <= b && (lease.given || renew.given)
          ? problem(at(lease, renew), `a lease-duration above the renew-deadline (${lease.text}, ${renew.text})`)
          : []),
        ...(b <= c * election.jitter && (renew.given || retry.given)
          ? problem(at(renew, retry), `a renew-deadline above 1.2 times the retry-period (${renew.text}, ${retry.text})`)
          : []),
      ];
    }),
};

/** Arguments that name a file which the component reads. */
const files =
  /^(cloud-config|leader-migration-config|tls-cert-file|tls-private-key-file|cluster-signing-.*-file|pv-recycler-pod-template-.*)$/;

/** What of a host the pods see (kubeadm's volumes.go), and the folders of the config's files. */
const visible: Readonly<Record<One, readonly string[]>> = {
  controllerManager: [
    folderOf("controllerManager"),
    ...[
      "/etc/kubernetes/pki",
      "/etc/ssl/certs",
      "/etc/ca-certificates",
      "/usr/share/ca-certificates",
      "/usr/local/share/ca-certificates",
    ],
  ],
  scheduler: [folderOf("scheduler")],
};

const readFiles: Rule = {
  says: "Files that `controllerManager.extraArgs` and `scheduler.extraArgs` name are in a folder that the component's pod sees, such as that of its `files`.",
  check: (cluster) =>
    both.flatMap((component) =>
      Object.entries(cluster[component].extraArgs)
        .filter(
          ([name, value]) =>
            files.test(name) && value !== "" && !visible[component].some((folder) => within(posix.normalize(value), folder)),
        )
        .flatMap(([name, value]) => {
          const cure = `write it as cluster.${component}.files, which puts it into ${folderOf(component)}`;
          return argument(component, name, value, `a file in a folder that its pod sees: ${visible[component].join(", ")}`, cure);
        }),
    ),
};

/** Arguments that kube-scheduler passes over beside a configuration (its options/deprecated.go), with the fields that take their place. */
const inConfiguration: Readonly<Record<string, string>> = {
  "contention-profiling": "enableContentionProfiling",
  "kube-api-burst": "clientConnection.burst",
  "kube-api-content-type": "clientConnection.contentType",
  "kube-api-qps": "clientConnection.qps",
  "pod-max-in-unschedulable-pods-duration": "podMaxInUnschedulablePodsDuration",
  profiling: "enableProfiling",
};

const VERSION = "kubescheduler.config.k8s.io/v1";

const schedulers: Rule = {
  says: "`scheduler.configuration` is of version kubescheduler.config.k8s.io/v1 and has a list of profiles, each with another name; beside it, `scheduler.extraArgs` has none of the arguments that its fields take the place of.",
  check({ scheduler: { configuration, extraArgs } }: Cluster) {
    if (configuration === undefined) return [];
    const { apiVersion, profiles } = configuration as { apiVersion?: unknown; profiles?: unknown };
    const key = (...path: PropertyKey[]) => at("scheduler", "configuration", ...path);
    return [
      ...(apiVersion === undefined || apiVersion === VERSION
        ? []
        : oneProblem(key("apiVersion"), `is ${shown(apiVersion)}`, `${VERSION}, or no such line`)),
      ...(profiles === undefined ? [] : profileProblems(profiles, key)),
      ...Object.entries(inConfiguration).flatMap(([name, field]) => {
        const value = extraArgs[name];
        const cure = `set cluster.scheduler.configuration.${field}`;
        return value === undefined
          ? []
          : argument("scheduler", name, value, "nothing beside a configuration, with which it is not read", cure);
      }),
    ];
  },
};

function profileProblems(profiles: unknown, key: (...path: PropertyKey[]) => string): Problem[] {
  const allowed = "a list of profiles, each a mapping with a schedulerName of its own";
  if (!Array.isArray(profiles)) return oneProblem(key("profiles"), `is ${shown(profiles)}`, allowed);
  const name = (profile: unknown) =>
    isMapping(profile) ? ((profile as { schedulerName?: unknown }).schedulerName ?? "default-scheduler") : profile;
  return profiles.flatMap((profile, index) => {
    if (!isMapping(profile)) return oneProblem(key("profiles", index), `is ${shown(profile)}`, allowed);
    const first = profiles.findIndex((other) => name(other) === name(profile));
    return first === index
      ? []
      : oneProblem(key("profiles", index), `is ${shown(name(profile))}, as is profile ${first}`, allowed);
  });
}

/** Rules about single arguments and fields of the two components. */
export const controllerRules: readonly Rule[] = [leases, readFiles, schedulers];
