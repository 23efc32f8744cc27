// What signs in a cluster, and how far each is in being replaced by a new one. A generation is one key with its certificate: the
// first is made with the cluster, each further one by a rotation.

/** What signs: the three authorities, and the key of service accounts' tokens. Keys of `certificates.authorities`. */
export const authorityNames = ["kubernetes", "etcd", "frontProxy", "serviceAccount"] as const;
export type AuthorityName = (typeof authorityNames)[number];

/** The generations of one authority. */
export interface Generations {
  /** Those that are trusted: one at rest, two in a row during a rotation. */
  trust: number[];
  /** The one that signs; among the trusted ones. */
  issue: number;
}

/** What every cluster is born with. */
export const firstGeneration: Generations = { trust: [1], issue: 1 };

/** Whether an authority is just being replaced. */
export const isRotating = ({ trust }: Generations): boolean => trust.length > 1;

export const sameGenerations = (a: Generations, b: Generations): boolean =>
  a.issue === b.issue && a.trust.join() === b.trust.join();

/** As a config has it. */
export const generationsText = ({ trust, issue }: Generations): string => `{ trust: [${trust.join(", ")}], issue: ${issue} }`;

/**
 * Where an authority may go from here in one edit, the way forward first: trust both, issue from the new, drop the old. Back goes as
 * long as the old one is trusted.
 */
export function nextSteps({ trust, issue }: Generations): Generations[] {
  const [old = issue, next = old + 1] = trust;
  if (trust.length === 1) return [{ trust: [old, next], issue: old }];
  const both = [old, next];
  if (issue === old)
    return [
      { trust: both, issue: next },
      { trust: [old], issue: old },
    ];
  return [
    { trust: [next], issue: next },
    { trust: both, issue: old },
  ];
}
