import type { Role } from "../schema.ts";
import { at, eachHost, type Rule } from "./rule.ts";

/** Warnings that preflight gives on hosts of these roles alone. */
const given: Readonly<Record<string, readonly Role[]>> = {
  "slow-disk": ["etcd"],
  "covered-range": ["control-plane", "worker"],
};

/** Warnings of preflight that are accepted where it never gives them. */
export const uselessAcceptance: Rule = {
  says: "`hosts.NAME.preflight.accept` has a warning that preflight does not give on a host of these roles.",
  check: (cluster) =>
    eachHost(cluster, (name, { preflight, roles }) =>
      preflight.accept.flatMap((warning, index) => {
        const needed = given[warning];
        if (needed === undefined || needed.some((role) => roles.includes(role))) return [];
        const allowed = `nothing: only hosts of role ${needed.join(" or ")} get this warning`;
        return [{ key: at("hosts", name, "preflight", "accept", index), found: `is "${warning}"`, allowed }];
      }),
    ),
};
