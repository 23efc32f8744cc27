import type { AuthorityName, Generations } from "../../../config/authorities.ts";
import type { Recorded } from "../../../config/recorded.ts";
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

/** Each with its exact message. */
export const refusedAuthorities: readonly RefusedChange[] = [
  {
    change: "all of a rotation at once",
    from: three,
    after: at("kubernetes", dropOld),
    says: [
      "cluster.certificates.authorities.kubernetes is { trust: [2], issue: 2 }; the last up that reached every host had { trust: [1], issue: 1 } | allowed: { trust: [1], issue: 1 }, or { trust: [1, 2], issue: 1 } | cure: the next step of a rotation is { trust: [1, 2], issue: 1 }",
    ],
  },
  {
    change: "trust and issue in one step, of two authorities",
    from: three,
    after: (a) => {
      at("etcd", issueNew)(a);
      at("frontProxy", issueNew)(a);
    },
    says: ["etcd", "frontProxy"].map(
      (name) =>
        `cluster.certificates.authorities.${name} is { trust: [1, 2], issue: 2 }; the last up that reached every host had { trust: [1], issue: 1 } | allowed: { trust: [1], issue: 1 }, or { trust: [1, 2], issue: 1 } | cure: the next step of a rotation is { trust: [1, 2], issue: 1 }`,
    ),
  },
  {
    change: "the old authority dropped while it issues",
    from: three,
    before: at("etcd", trustBoth),
    after: at("etcd", dropOld),
    says: [
      "cluster.certificates.authorities.etcd is { trust: [2], issue: 2 }; the last up that reached every host had { trust: [1, 2], issue: 1 } | allowed: { trust: [1, 2], issue: 1 }, or { trust: [1, 2], issue: 2 }, or { trust: [1], issue: 1 } | cure: the next step of a rotation is { trust: [1, 2], issue: 2 }",
    ],
  },
  {
    change: "the new authority dropped while it issues",
    from: three,
    before: at("kubernetes", issueNew),
    says: [
      "cluster.certificates.authorities.kubernetes is { trust: [1], issue: 1 }; the last up that reached every host had { trust: [1, 2], issue: 2 } | allowed: { trust: [1, 2], issue: 2 }, or { trust: [2], issue: 2 }, or { trust: [1, 2], issue: 1 } | cure: the next step of a rotation is { trust: [2], issue: 2 }",
    ],
  },
  {
    change: "a dropped authority brought back",
    from: three,
    before: at("kubernetes", dropOld),
    after: at("kubernetes", issueNew),
    says: [
      "cluster.certificates.authorities.kubernetes is { trust: [1, 2], issue: 2 }; the last up that reached every host had { trust: [2], issue: 2 } | allowed: { trust: [2], issue: 2 }, or { trust: [2, 3], issue: 2 } | cure: the next step of a rotation is { trust: [2, 3], issue: 2 }",
    ],
  },
  {
    change: "a step of a rotation and a new host",
    from: three,
    after: (a) => {
      at("frontProxy", trustBoth)(a);
      a.hosts.w3 = worker("10.0.0.23");
    },
    says: [
      "cluster.certificates.authorities.frontProxy would become { trust: [1, 2], issue: 1 } while hosts come or go: w3 | allowed: { trust: [1], issue: 1 }, as long as something else changes | cure: one after the other, with an up for each",
    ],
  },
  {
    change: "a step of a rotation and a reinstalled host",
    from: three,
    after: (a) => {
      at("frontProxy", trustBoth)(a);
      host(a, "w1").incarnation = 2;
    },
    says: [
      "cluster.certificates.authorities.frontProxy would become { trust: [1, 2], issue: 1 } while hosts come or go: w1 | allowed: { trust: [1], issue: 1 }, as long as something else changes | cure: one after the other, with an up for each",
    ],
  },
  {
    change: "a step of a rotation and another version",
    from: three,
    before: at("etcd", trustBoth),
    after: (a) => {
      at("etcd", issueNew)(a);
      a.versions.containerd = "2.3.5";
    },
    says: [
      "cluster.certificates.authorities.etcd would become { trust: [1, 2], issue: 2 } while containerd goes from 2.3.4 to 2.3.5 | allowed: { trust: [1, 2], issue: 1 }, as long as something else changes | cure: one after the other, with an up for each",
    ],
  },
  {
    change: "the old service-account key dropped while its tokens are good",
    from: three,
    before: at("serviceAccount", issueNew, "2100-01-01T00:00:00.000Z"),
    after: at("serviceAccount", dropOld, "2100-01-01T00:00:00.000Z"),
    says: [
      "cluster.certificates.authorities.serviceAccount would drop generation 1, and generation 2 signs only since 2100-01-01T00:00:00.000Z | allowed: { trust: [1, 2], issue: 2 } until 2100-01-01T01:00:07.000Z, when every pod has a token of generation 2 | cure: wait until then; if you know better: cluster.allow: [early-key-drop]",
    ],
  },
];
