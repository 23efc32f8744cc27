import type { Problem } from "../problems.ts";
import type { Recorded, RecordedHost } from "../recorded.ts";
import type { Override, Role } from "../schema.ts";
import type { KnownVersions } from "../versions.ts";

/** A change from what the last `up` made to what this one is to make. */
export interface Change {
  before: Recorded;
  after: Recorded;
  known: KnownVersions;
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

/** A host's name and entry. */
export type Entry = readonly [name: string, host: RecordedHost];

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

/** What is in the one and not in the other, by name. */
export function without(one: Map<string, string>, other: Map<string, string>): string[] {
  return [...one].filter(([id]) => !other.has(id)).map(([, name]) => name);
}
