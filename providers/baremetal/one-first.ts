import type { Connection } from "../contract.ts";

// A directory locks an account after a few wrong passwords, and a cluster has more hosts than that.

/** What an answer says of the password: undefined where it never got to the host. */
export type Verdict = "taken" | "refused" | undefined;

/** How to ask hosts. */
export interface Asking<T, Answer> {
  /** Hosts with the same one share an account and its password; undefined where no password goes to the host. */
  accountOf: (one: T) => string | undefined;
  ask: (one: T) => Promise<Answer>;
  verdictOf: (answer: Answer) => Verdict;
  /** The answer of one that is not asked, because `other` refused the password. */
  passedOver: (one: T, other: T) => Answer;
}

/**
 * Asks all at the same time; of those with one password, first alone until a host has taken it. The others are passed over if it is refused.
 *
 * @returns The answers in the order of `all`
 */
export async function oneFirst<T, Answer>(
  all: readonly T[],
  { accountOf, ask, verdictOf, passedOver }: Asking<T, Answer>,
): Promise<Answer[]> {
  const answers = new Map<T, Answer>();
  const keep = async (one: T) => {
    const answer = await ask(one);
    answers.set(one, answer);
    return verdictOf(answer);
  };
  const askGroup = async (account: string | undefined, group: readonly T[]) => {
    const rest = [...group];
    let verdict: Verdict = account === undefined ? "taken" : undefined;
    while (verdict === undefined && rest.length > 0) {
      const first = rest.shift() as T;
      verdict = await keep(first);
      if (verdict === "refused") for (const one of rest.splice(0)) answers.set(one, passedOver(one, first));
    }
    await Promise.all(rest.map(keep));
  };
  await Promise.all([...Map.groupBy(all, accountOf)].map(([account, group]) => askGroup(account, group)));
  return all.map((one) => answers.get(one) as Answer);
}

/** The account that a wrong password of a connection would lock, and that password: for comparison alone, as it holds secrets. */
export function accountOf(connection: Connection): string | undefined {
  const { user, password } = connection.kind === "ssh" ? connection : { user: "", password: undefined };
  const { sudoPassword } = connection;
  return password === undefined && sudoPassword === undefined ? undefined : JSON.stringify([user, password, sudoPassword]);
}

/** What a reason why a host can't be used says of the password. */
export function verdictOf(reason: string | undefined): Verdict {
  if (reason === undefined) return "taken";
  if (/refuses the (login|password) of user/.test(reason)) return "refused";
  // Before the login, or without a password: a host that says anything else has logged the user in.
  return /cannot reach|no answer|host key|hostKey|cannot be used/.test(reason) ? undefined : "taken";
}

/** Why a host is not asked. */
export const passedOver = (other: string): string =>
  `not tried, because ${other} refuses the login: more wrong passwords could lock the account`;
