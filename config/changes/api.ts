import { keyPath, oneProblem, type Problem, shown } from "../problems.ts";
import { movesApi, type Recorded, type RecordedApi } from "../record.ts";
import { type Change, moreThanSettings, type Refusal } from "./change.ts";

// How the API moves to another name, address or port: an `up` with both, in which every client goes to the new place, then one without
// the old. What the last `up` recorded is a step that every host has taken.

const fields = ["domainName", "address", "port"] as const;
type Field = (typeof fields)[number];

const at = (...path: string[]) => keyPath(["api", ...path]);

/** What of the API is another than the last `up` recorded. */
function moved({
  before,
  after,
}: Change): { field: Field; was: string | number; is: string | number | undefined; api: RecordedApi }[] {
  const [was, api] = [before.api, after.api];
  if (was === undefined || api === undefined) return [];
  return fields.flatMap((field) => {
    const old = was[field];
    return old === undefined || old === api[field] ? [] : [{ field, was: old, is: api[field], api }];
  });
}

const stays: Refusal = {
  says: "The API's name and port don't change where the provider has the balancer.",
  check: (change) =>
    !change.traits.ownsEndpoint
      ? []
      : moved(change).map(({ field, was, is }) => ({
          key: at(field),
          found: `is ${shown(is)}; the last up had ${was}`,
          allowed: String(was),
          cure: "put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one",
        })),
};

const bothPlaces: Refusal = {
  says: "The API's name, address and port change only beside `api.former`, which keeps the old one until every client has followed.",
  check: (change) =>
    change.traits.ownsEndpoint
      ? []
      : moved(change)
          .filter(({ field, was, api }) => api.former?.[field] !== was)
          .map(({ field, was, is }) => ({
            key: at(field),
            found: `is ${shown(is)}; the last up that reached every host had ${was}, where every client looks for the API`,
            allowed: `${was}, or another one beside cluster.api.former.${field}: ${was}`,
            cure: `set cluster.api.former.${field}: ${was} in this edit: both are served, and clients go to the new one; delete it in the next`,
          })),
};

// A name or a port that nobody asks for hurts nobody, and a move that was cut short may have to go back to where it came from.
const knownAddress: Refusal = {
  says: "`api.former.address` is the address that the last `up` had. Any other address may belong to another machine.",
  check: ({ before, after }) => {
    const former = after.api?.former?.address;
    const known = [before.api?.address, before.api?.former?.address].filter((it) => it !== undefined);
    if (former === undefined || known.length === 0 || known.includes(former)) return [];
    return oneProblem(
      at("former", "address"),
      `is ${shown(former)}, which the last up that reached every host did not have`,
      `${known.join(" or ")}, or no such key`,
    );
  },
};

const routerIdStays: Refusal = {
  says: "The VRRP id changes only together with the virtual IP: two balancers would hold the address at once.",
  check: ({ before: { api: was }, after: { api: is } }) => {
    if (was?.virtualRouterId === undefined || is?.virtualRouterId === undefined) return [];
    const former = is.former?.address === was.address ? is.former : undefined;
    const id = former ? former.virtualRouterId : was.address === is.address ? is.virtualRouterId : undefined;
    if (id === undefined || id === was.virtualRouterId) return [];
    const key = former ? at("former", "virtualRouterId") : keyPath(["balancer", "virtualRouterId"]);
    return [
      {
        key,
        found: `is ${id}; the last up had ${was.virtualRouterId} for ${was.address}`,
        allowed: String(was.virtualRouterId),
        ...(former === undefined && { cure: "for another id, move the virtual IP to another address, too" }),
      },
    ];
  },
};

const moveAlone: Refusal = {
  says: "Hosts don't come or go, and no version changes, in an edit that moves the API.",
  check(change) {
    if (!movesApi(change.before, change.after)) return [];
    const other = moreThanSettings(change);
    if (other === undefined) return [];
    return oneProblem(at(), `would change while ${other}`, "one after the other", "an up for each of the two");
  },
};

/** What a first `up` refuses: `former` names what an `up` before it made. */
export const formerOfNothing = ({ api }: Recorded): Problem[] =>
  api?.former === undefined
    ? []
    : oneProblem(
        at("former"),
        "is given, and no up has made this cluster yet",
        "nothing, it holds what the last up had",
        "delete it",
      );

/** Refusals about where the API is. */
export const apiRefusals: readonly Refusal[] = [stays, bothPlaces, knownAddress, routerIdStays, moveAlone];
