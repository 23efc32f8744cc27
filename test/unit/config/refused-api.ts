import type { Recorded, RecordedApi } from "../../../config/recorded.ts";
import { host, member, type RefusedChange, three } from "./changes-samples.ts";
import { onAws } from "./refused-machines.ts";

// Jumps of the API's name, address and port.

export const rest: RecordedApi = { domainName: "api.example.com", address: "10.0.0.10", port: 8443, virtualRouterId: 10 };
export const api =
  (it: RecordedApi) =>
  (recorded: Recorded): void => {
    recorded.api = it;
  };
const metal = () => ({ ...three(), api: rest });
const aws = () => ({ ...onAws(), api: { domainName: "api.example.com", port: 6443 } });
const cure = (key: string, was: string | number) =>
  ` | allowed: ${was}, or another one beside cluster.api.former.${key}: ${was} | cure: set cluster.api.former.${key}: ${was} in this edit: both are served, and clients go to the new one; delete it in the next`;

/** Each with its exact message. */
export const refusedApi: readonly RefusedChange[] = [
  {
    change: "another name, address and port at once, with nothing beside",
    from: metal,
    after: api({ domainName: "k8s.example.com", address: "10.0.0.9", port: 6444, virtualRouterId: 9 }),
    says: [
      `cluster.api.domainName is "k8s.example.com"; the last up that reached every host had api.example.com, where every client looks for the API${cure("domainName", "api.example.com")}`,
      `cluster.api.address is "10.0.0.9"; the last up that reached every host had 10.0.0.10, where every client looks for the API${cure("address", "10.0.0.10")}`,
      `cluster.api.port is 6444; the last up that reached every host had 8443, where every client looks for the API${cure("port", 8443)}`,
    ],
  },
  {
    change: "another port after a release that recorded the API in its endpoint only",
    from: metal,
    before: api({ address: "10.0.0.10", port: 8443 }),
    after: api({ ...rest, port: 6444 }),
    says: [
      `cluster.api.port is 6444; the last up that reached every host had 8443, where every client looks for the API${cure("port", 8443)}`,
    ],
  },
  {
    change: "a former address that never was",
    from: metal,
    after: api({ ...rest, former: { address: "10.0.0.8", virtualRouterId: 8 } }),
    says: [
      'cluster.api.former.address is "10.0.0.8", which the last up that reached every host did not have | allowed: 10.0.0.10, or no such key',
    ],
  },
  {
    change: "another port on aws",
    from: aws,
    after: api({ domainName: "api.example.com", port: 443 }),
    says: [
      "cluster.api.port is 443; the last up had 6443 | allowed: 6443 | cure: put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one",
    ],
  },
  {
    change: "another VRRP id of the same address",
    from: metal,
    after: api({ ...rest, virtualRouterId: 7 }),
    says: [
      "cluster.balancer.virtualRouterId is 7; the last up had 10 for 10.0.0.10 | allowed: 10 | cure: for another id, move the virtual IP to another address, too",
    ],
  },
  {
    change: "a move that forgets the former address's VRRP id",
    from: metal,
    before: api({ ...rest, virtualRouterId: 77 }),
    after: api({ ...rest, address: "10.0.0.9", virtualRouterId: 9, former: { address: "10.0.0.10", virtualRouterId: 10 } }),
    says: ["cluster.api.former.virtualRouterId is 10; the last up had 77 for 10.0.0.10 | allowed: 77"],
  },
  {
    change: "a move together with another host",
    from: metal,
    after: (a) => {
      a.api = { ...rest, port: 6444, former: { port: 8443 } };
      a.hosts.m2 = { ...member(2), incarnation: host(a, "m2").incarnation + 1 };
    },
    says: [
      "cluster.api would change while hosts come or go: m2 | allowed: one after the other | cure: an up for each of the two",
    ],
  },
];
