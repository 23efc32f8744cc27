import { isDeepStrictEqual } from "node:util";
import { balancerSchema } from "../schema/balancer.ts";
import type { Cluster } from "../schema.ts";
import { at, type Rule } from "./rule.ts";

// Keys of `balancer` that not every kind reads.

type Balancer = Cluster["balancer"];
type Kind = Balancer["kind"];

/** The kinds that read a key, where not all do. An apiserver that ends waits for `checkIntervalMilliseconds` with each of them. */
const readBy: Readonly<Partial<Record<keyof Balancer, readonly Kind[]>>> = {
  interface: ["haproxy"],
  virtualRouterId: ["haproxy"],
  advertisementIntervalMilliseconds: ["haproxy"],
  statisticsPort: ["haproxy", "node-local"],
  maximumConnections: ["haproxy", "node-local"],
};

const defaults = balancerSchema.parse(undefined);

/** A warning about keys that the kind of balancer does not read. */
export const unreadByKind: Rule = {
  says: "`balancer` has a key that its `kind` does not read.",
  check({ balancer, traits }) {
    if (traits.ownsEndpoint) return []; // all of it is unused there
    const keys = Object.keys(readBy) as (keyof typeof readBy)[];
    return keys
      .filter((key) => !readBy[key]?.includes(balancer.kind) && !isDeepStrictEqual(balancer[key], defaults[key]))
      .map((key) => ({
        key: at("balancer", key),
        found: "is not used",
        allowed: `nothing with cluster.balancer.kind: ${balancer.kind}`,
      }));
  },
};
