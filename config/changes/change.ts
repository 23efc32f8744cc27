import type { Problem } from "../problems.ts";
import type { Recorded, RecordedHost } from "../record.ts";
import type { Override, Role } from "../schema.ts";
import type { ProviderTraits } from "../traits.ts";
import type { KnownVersions } from "../versions.ts";

/** A change from what the last `up` made to what this one is to make. */
export interface Change {
  before: Recorded;
  after: Recorded;
  known: KnownVersions;
  /** Of the provider, which is the same before and after. */
  traits: ProviderTraits;
  /** When the change is looked at. */
  now: Date;
}

/** A kind of change that is refused. */
export interface Refusal {
  /** The refusal in one sentence, for docs/config.md. */
  says: string;
  /** The name in `allow` that overrides it, where an expert may want that. */
  override?: Override;
  check(change: Change): readonly Problem[];
}

/** The hosts that are in both records. */
export function kept({ before, after }: Change): { name: string; was: RecordedHost; is: RecordedHost }[] {
  return Object.entries(after.hosts).flatMap(([name, is]) => {
    const was = before.hosts[name];
    return was === undefined ? [] : [{ name, was, is }];
  });
}

/** The hosts of a role that are not lost, each with its incarnation, because a reinstalled host is another one. */
export function alive(recorded: Recorded, role?: Role): Map<string, string> {
  const entries = Object.entries(recorded.hosts).filter(
    ([, host]) => !host.lost && (role === undefined || host.roles.includes(role)),
  );
  return new Map(entries.map(([name, { incarnation }]) => [`${name} of incarnation ${incarnation}`, name]));
}

/** Names in the one map that the other lacks. */
export function without(one: Map<string, string>, other: Map<string, string>): string[] {
  return [...one].filter(([id]) => !other.has(id)).map(([, name]) => name);
}

/** What else an edit changes, where that is more than settings. */
export function moreThanSettings({ before, after }: Change): string | undefined {
  const [were, are] = [alive(before), alive(after)];
  const moved = [...new Set([...without(were, are), ...without(are, were)])];
  if (moved.length > 0) return `hosts come or go: ${moved.join(", ")}`;
  const versions = (it: Recorded): Record<string, string> => ({ kubernetes: it.kubernetesVersion, ...it.versions });
  const part = Object.keys(versions(after)).find((name) => versions(before)[name] !== versions(after)[name]);
  return part && `${part} goes from ${versions(before)[part]} to ${versions(after)[part]}`;
}
