import type { AuthorityName, Generations } from "../../../config/authorities.ts";
import type { Recorded } from "../../../config/record.ts";
import { host, type RefusedChange, three, worker } from "./changes-samples.ts";

// Steps of a rotation that are skipped, taken back too late, or taken together with something else.

export const rest: Generations = { trust: [1], issue: 1 };
export const trustBoth: Generations = { trust: [1, 2], issue: 1 };
export const issueNew: Generations = { trust: [1, 2], issue: 2 };
export const dropOld: Generations = { trust: [2], issue: 2 };

/** Sets an authority in a record. */
export const at = (name: AuthorityName, generations: Generations, issuesSince?: string) => (recorded: Recorded) => {
  recorded.authorities = { ...recorded.authorities, [name]: { ...generations, ...(issuesSince && { issuesSince }) } };
};

export const refusedAuthorities: readonly RefusedChange[] = [
  {
    change: "all of a rotation at once",
    from: three,
    after: at("kubernetes", dropOld),
    keys: ["cluster.certificates.authorities.kubernetes"],
  },
  {
    change: "trust and issue in one step, of two authorities",
    from: three,
    after: (a) => {
      at("etcd", issueNew)(a);
      at("frontProxy", issueNew)(a);
    },
    keys: ["cluster.certificates.authorities.etcd", "cluster.certificates.authorities.frontProxy"],
  },
  {
    change: "the old authority dropped while it issues",
    from: three,
    before: at("etcd", trustBoth),
    after: at("etcd", dropOld),
    keys: ["cluster.certificates.authorities.etcd"],
  },
  {
    change: "the new authority dropped while it issues",
    from: three,
    before: at("kubernetes", issueNew),
    keys: ["cluster.certificates.authorities.kubernetes"],
  },
  {
    change: "a dropped authority brought back",
    from: three,
    before: at("kubernetes", dropOld),
    after: at("kubernetes", issueNew),
    keys: ["cluster.certificates.authorities.kubernetes"],
  },
  {
    change: "a step of a rotation and a new host",
    from: three,
    after: (a) => {
      at("frontProxy", trustBoth)(a);
      a.hosts.w3 = worker("10.0.0.23");
    },
    keys: ["cluster.certificates.authorities.frontProxy"],
  },
  {
    change: "a step of a rotation and a reinstalled host",
    from: three,
    after: (a) => {
      at("frontProxy", trustBoth)(a);
      host(a, "w1").incarnation = 2;
    },
    keys: ["cluster.certificates.authorities.frontProxy"],
  },
  {
    change: "a step of a rotation and another version",
    from: three,
    before: at("etcd", trustBoth),
    after: (a) => {
      at("etcd", issueNew)(a);
      a.versions.containerd = "2.3.5";
    },
    keys: ["cluster.certificates.authorities.etcd"],
  },
  {
    change: "the old service-account key dropped while its tokens are good",
    from: three,
    before: at("serviceAccount", issueNew, "2100-01-01T00:00:00.000Z"),
    after: at("serviceAccount", dropOld, "2100-01-01T00:00:00.000Z"),
    keys: ["cluster.certificates.authorities.serviceAccount"],
  },
];
