import { apiRefusals, formerOfNothing } from "./changes/api.ts";
import { authorityRefusals } from "./changes/authorities.ts";
import type { Change, Refusal } from "./changes/change.ts";
import { clusterRefusals } from "./changes/cluster.ts";
import { firstUpProblems, hostRefusals } from "./changes/hosts.ts";
import { machineRefusals } from "./changes/machines.ts";
import { memberRefusals } from "./changes/members.ts";
import { versionRefusals } from "./changes/versions.ts";
import type { Problem } from "./problems.ts";
import { type Known, providerOf } from "./provider.ts";
import type { Recorded } from "./record.ts";
import type { Override } from "./schema.ts";

/** Every refusal of a change that all providers share, in the order in which docs and messages have them. */
export const refusals: readonly Refusal[] = [
  ...clusterRefusals,
  ...hostRefusals,
  ...memberRefusals,
  ...versionRefusals,
  ...machineRefusals,
  ...authorityRefusals,
  ...apiRefusals,
];

/**
 * What must not happen between the last `up` and this one, each with what to do instead. Pure.
 *
 * It speaks before anything is touched, from what the last `up` recorded; outputs can be behind or ahead of the hosts after a
 * failed one, so each refusal that could hurt also stands in the scripts, against live state.
 *
 * @param before undefined at the first `up`
 */
export function refuseChanges(
  before: Recorded | undefined,
  after: Recorded,
  allow: readonly Override[],
  known: Known,
  now = new Date(),
): Problem[] {
  if (before === undefined) return [...firstUpProblems(after.hosts), ...formerOfNothing(after)];
  const provider = providerOf(known, after.provider);
  const change: Change = { before, after, known, traits: provider.traits, now };
  return [...refusals, ...(provider.refusals ?? [])]
    .filter(({ override }) => override === undefined || !allow.includes(override))
    .flatMap((refusal) => refusal.check(change).map((problem) => withOverride(problem, refusal.override)));
}

/** Names the override in the cure, where there is one. */
function withOverride(problem: Problem, override: Override | undefined): Problem {
  if (override === undefined) return problem;
  const cure = [problem.cure, `if you know better: cluster.allow: [${override}]`].filter((part) => part !== undefined).join("; ");
  return { ...problem, cure };
}
