import { type Finding, warn } from "../finding.ts";

/** What a host that is gone for good had, and still opens something. */
export interface OpenCredentials {
  name: string;
  /** ISO 8601. */
  since: string;
  /** Keys of `certificates.authorities`. */
  authorities: readonly string[];
}

/** Lost hosts whose credentials are still valid. */
export const lostFindings = (open: readonly OpenCredentials[]): Finding[] =>
  open.map(({ name, since, authorities }) =>
    warn(
      `credentials of ${name}`,
      `the host is lost since ${since.slice(0, 10)}, and what it had of ${authorities.join(", ")} is still valid`,
      `replace ${authorities.length === 1 ? "it" : "them"} by certificates.authorities, in three edits; where nobody can read its disk any more, add ${name} to certificates.destroyedHosts`,
    ),
  );
