import { aws, type Bad, metal } from "./samples.ts";

// A move of the API that is written down wrongly.

/** Each with its exact message. */
export const badApi: readonly Bad[] = [
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
