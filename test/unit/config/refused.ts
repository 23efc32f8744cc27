import { host, type RefusedChange, three } from "./changes-samples.ts";
import { refusedApi, rest } from "./refused-api.ts";
import { refusedAuthorities } from "./refused-authorities.ts";
import { refusedGroups } from "./refused-groups.ts";
import { refusedHosts } from "./refused-hosts.ts";
import { refusedMachines } from "./refused-machines.ts";

/** Every change that must be refused. */
export const refusedChanges: readonly RefusedChange[] = [
  ...refusedHosts,
  ...refusedGroups,
  ...refusedMachines,
  ...refusedAuthorities,
  ...refusedApi,
];

/** What the first `up` must refuse. */
export const firstUps: readonly RefusedChange[] = [
  {
    change: "a former place of an API that no up has made",
    from: three,
    after: (a) => {
      a.api = { ...rest, former: { port: 6444 } };
    },
    keys: ["cluster.api.former"],
  },
  {
    change: "a lost host that no up has made",
    from: three,
    after: (a) => {
      host(a, "w1").lost = true;
    },
    keys: ["cluster.hosts.w1.lost"],
  },
];
