import { aws, type Bad, bad, lab, metal } from "./samples.ts";

// A move of the API that is written down wrongly.

const former = (mistake: string, former: object, ...says: string[]): Bad =>
  bad(
    mistake,
    (c) => {
      c.api.former = former;
    },
    ...says.map((text) => `cluster.api.former.${text}`),
  );
const externalFormer = (address: string, says: string): Bad => ({
  ...former(`an external balancer that was at ${address}`, { address }, `address is "${address}"${says}`),
  from: () => {
    const c = metal();
    c.balancer = { kind: "external" };
    for (const name of ["m1", "m2", "m3"]) c.hosts[name].roles = ["etcd", "control-plane"];
    return c;
  },
});

/** What holds for the API's place holds for the one before. */
const formerPlaces: readonly Bad[] = [
  former(
    "a former virtual IP outside the hosts' networks",
    { address: "10.9.0.9" },
    'address is "10.9.0.9" | allowed: an address in cluster.nodeCidrs: 10.0.0.0/24',
  ),
  former(
    "a former virtual IP that ends in 0",
    { address: "10.0.0.0" },
    "virtualRouterId is missing | allowed: a number from 1 to 255, because the last byte of cluster.api.former.address 10.0.0.0 is 0",
  ),
  former(
    "a former name in the cluster's domain",
    { domainName: "api.cluster.local" },
    'domainName is "api.cluster.local" | allowed: a name outside cluster.network.dnsDomain, cluster.local',
  ),
  former(
    "a former name that means every host itself",
    { domainName: "api.localhost" },
    'domainName is "api.localhost" | allowed: a name that does not mean every host itself',
  ),
  {
    ...former("a former lab address that is the machine's own", { address: "10.0.0.1" }),
    from: lab,
    says: [
      'cluster.api.former.address is "10.0.0.1" | allowed: an address from 10.0.0.2 to 10.0.0.254: in cluster.lab.subnet, not the machine\'s own',
    ],
  },
  externalFormer("255.255.255.255", ", broadcast | allowed: the address of the balancer you run"),
  externalFormer("10.96.0.9", " | allowed: an address outside cluster.network.serviceCidr, 10.96.0.0/16"),
];

/** Each with its exact message. */
export const badApi: readonly Bad[] = [
  ...formerPlaces,
  {
    mistake: "a former place that is the present one",
    from: metal,
    edit: (c) => {
      c.api.former = { domainName: "api.example.com", port: 6444 };
    },
    says: [
      'cluster.api.former.domainName is "api.example.com", as is cluster.api.domainName | allowed: what it was before, or no such key',
    ],
  },
  {
    mistake: "a former place that names nothing",
    from: metal,
    edit: (c) => {
      c.api.former = {};
    },
    says: ["cluster.api.former names nothing that has moved | allowed: one of domainName, address, port, or no such key"],
  },
  {
    mistake: "a former place on aws",
    from: aws,
    edit: (c) => {
      c.api.former = { port: 8443 };
    },
    says: ["cluster.api.former is given | allowed: nothing with cluster.provider: aws, where the API doesn't move"],
  },
  {
    mistake: "a former address that is a host's",
    from: metal,
    edit: (c) => {
      c.api.former = { address: "10.0.0.21" };
    },
    says: ['cluster.api.former.address is "10.0.0.21", the address of host w1 | allowed: the address that the API had'],
  },
  {
    mistake: "one VRRP id for both virtual IPs",
    from: metal,
    edit: (c) => {
      c.balancer = { virtualRouterId: 7 };
      c.api.former = { address: "10.0.0.9", virtualRouterId: 7 };
    },
    says: [
      "cluster.balancer.virtualRouterId is 7, as is that of cluster.api.former.address 10.0.0.9 | allowed: another number from 1 to 255: both addresses are held for a while",
    ],
  },
  {
    mistake: "a VRRP id of no virtual IP",
    from: metal,
    edit: (c) => {
      c.api.former = { port: 6444, virtualRouterId: 7 };
    },
    says: ["cluster.api.former.virtualRouterId is 7 | allowed: nothing where no virtual IP of this program moves"],
  },
  {
    mistake: "a former port that something else takes",
    from: metal,
    edit: (c) => {
      c.api.former = { port: 6443 };
    },
    says: [
      "cluster.api.former.port is 6443, the port of kube-apiserver on m1, m2, m3 | allowed: a port that nothing else on the balancers' hosts takes",
    ],
  },
  {
    mistake: "a former port that is that of the statistics",
    from: metal,
    edit: (c) => {
      c.api.former = { port: 8404 };
    },
    says: [
      "cluster.balancer.statisticsPort is 8404, as is cluster.api.former.port | allowed: another port than cluster.api.former.port",
    ],
  },
];
