import { aws, lab, metal } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// A move of the API that is written down wrongly.

const former = (mistake: string, former: object, key: string, from = metal): Bad => ({
  ...bad(
    mistake,
    (c) => {
      c.api.former = former;
    },
    `cluster.api.former.${key}`,
  ),
  from,
});
const external = () => {
  const c = metal();
  c.balancer = { kind: "external" };
  for (const name of ["m1", "m2", "m3"]) c.hosts[name].roles = ["etcd", "control-plane"];
  return c;
};

/** What holds for the API's place holds for the one before. */
const formerPlaces: readonly Bad[] = [
  former("a former virtual IP outside the hosts' networks", { address: "10.9.0.9" }, "address"),
  former("a former virtual IP that ends in 0", { address: "10.0.0.0" }, "virtualRouterId"),
  former("a former name in the cluster's domain", { domainName: "api.cluster.local" }, "domainName"),
  former("a former name that means every host itself", { domainName: "api.localhost" }, "domainName"),
  former("a former lab address that is the machine's own", { address: "10.0.0.1" }, "address", lab),
  ...["255.255.255.255", "10.96.0.9"].map((address) =>
    former(`an external balancer that was at ${address}`, { address }, "address", external),
  ),
];

export const badApi: readonly Bad[] = [
  ...formerPlaces,
  {
    mistake: "a former place that is the present one",
    from: metal,
    edit: (c) => {
      c.api.former = { domainName: "api.prod.internal", port: 6444 };
    },
    keys: ["cluster.api.former.domainName"],
  },
  {
    mistake: "a former place that names nothing",
    from: metal,
    edit: (c) => {
      c.api.former = {};
    },
    keys: ["cluster.api.former"],
  },
  {
    mistake: "a former place on aws",
    from: aws,
    edit: (c) => {
      c.api.former = { port: 8443 };
    },
    keys: ["cluster.api.former"],
  },
  {
    mistake: "a former address that is a host's",
    from: metal,
    edit: (c) => {
      c.api.former = { address: "10.0.0.21" };
    },
    keys: ["cluster.api.former.address"],
  },
  {
    mistake: "one VRRP id for both virtual IPs",
    from: metal,
    edit: (c) => {
      c.balancer = { virtualRouterId: 7 };
      c.api.former = { address: "10.0.0.9", virtualRouterId: 7 };
    },
    keys: ["cluster.balancer.virtualRouterId"],
  },
  {
    mistake: "a VRRP id of no virtual IP",
    from: metal,
    edit: (c) => {
      c.api.former = { port: 6444, virtualRouterId: 7 };
    },
    keys: ["cluster.api.former.virtualRouterId"],
  },
  {
    mistake: "a former port that something else takes",
    from: metal,
    edit: (c) => {
      c.api.former = { port: 6443 };
    },
    keys: ["cluster.api.former.port"],
  },
  {
    mistake: "a former port that is that of the statistics",
    from: metal,
    edit: (c) => {
      c.api.former = { port: 8404 };
    },
    keys: ["cluster.balancer.statisticsPort"],
  },
];
