import { type AuthorityName, authorityNames, generationsText, nextSteps, sameGenerations } from "../authorities.ts";
import { keyPath, oneProblem } from "../problems.ts";
import { authorityOf } from "../record.ts";
import { type Change, moreThanSettings, type Refusal } from "./change.ts";

// How the authorities and the service-account key may be replaced: trust both, issue from the new one, drop the old one, with an `up`
// for each. What the last `up` recorded is a step that every host has taken: during a rotation nothing is recorded before that.

const at = (name: AuthorityName) => keyPath(["certificates", "authorities", name]);

interface Step {
  name: AuthorityName;
  was: ReturnType<typeof authorityOf>;
  is: ReturnType<typeof authorityOf>;
}

const steps = ({ before, after }: Change): Step[] =>
  authorityNames
    .map((name) => ({ name, was: authorityOf(before, name), is: authorityOf(after, name) }))
    .filter(({ was, is }) => !sameGenerations(was, is));

const stepByStep: Refusal = {
  says: "An authority, or the service-account key, is replaced in three edits with an `up` each: trust both, issue from the new one, drop the old one. A dropped one doesn't come back.",
  check: (change) =>
    steps(change)
      .filter(({ was, is }) => !nextSteps(was).some((next) => sameGenerations(next, is)))
      .map(({ name, was, is }) => {
        const [forward, ...back] = nextSteps(was).map(generationsText);
        return {
          key: at(name),
          found: `is ${generationsText(is)}; the last up that reached every host had ${generationsText(was)}`,
          allowed: [generationsText(was), forward, ...back].join(", or "),
          cure: `the next step of a rotation is ${forward}`,
        };
      }),
};

const stepAlone: Refusal = {
  says: "Hosts don't come or go, and no version changes, in the edit that takes a step of a rotation.",
  check(change) {
    const [step] = steps(change);
    if (step === undefined) return [];
    const moving = moreThanSettings(change);
    if (moving === undefined) return [];
    return oneProblem(
      at(step.name),
      `would become ${generationsText(step.is)} while ${moving}`,
      `${generationsText(step.was)}, as long as something else changes`,
      "one after the other, with an up for each",
    );
  },
};

/** Seconds for which a token is good that the kubelet gives to a pod: it asks for 3607 s and for a new one after 80 % of that. */
export const tokenSeconds = 3607;

const youngTokens: Refusal = {
  says: "The old service-account key is dropped an hour after the new one signs: until then pods hold tokens of the old one.",
  override: "early-key-drop",
  check(change) {
    const { was, is } = steps(change).find(({ name }) => name === "serviceAccount") ?? {};
    const dropped = was?.trust.find((generation) => !is?.trust.includes(generation));
    if (was?.issuesSince === undefined || dropped === undefined) return [];
    const until = new Date(Date.parse(was.issuesSince) + tokenSeconds * 1000);
    if (change.now >= until) return [];
    return oneProblem(
      at("serviceAccount"),
      `would drop generation ${dropped}, and generation ${was.issue} signs only since ${was.issuesSince}`,
      `${generationsText(was)} until ${until.toISOString()}, when every pod has a token of generation ${was.issue}`,
      "wait until then",
    );
  },
};

/** Refusals about authorities. */
export const authorityRefusals: readonly Refusal[] = [stepByStep, stepAlone, youngTokens];
