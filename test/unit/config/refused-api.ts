import type { Recorded, RecordedApi } from "../../../config/record.ts";
import { host, member, type RefusedChange, three } from "./changes-samples.ts";
import { onAws } from "./refused-machines.ts";

// Jumps of the API's name, address and port.

export const rest: RecordedApi = { domainName: "api.prod.internal", address: "10.0.0.10", port: 8443, virtualRouterId: 10 };
export const api =
  (it: RecordedApi) =>
  (recorded: Recorded): void => {
    recorded.api = it;
  };
const metal = () => ({ ...three(), api: rest });
const aws = () => ({ ...onAws(), api: { domainName: "api.prod.internal", port: 6443 } });
export const refusedApi: readonly RefusedChange[] = [
  {
    change: "another name, address and port at once, with nothing beside",
    from: metal,
    after: api({ domainName: "k8s.example.com", address: "10.0.0.9", port: 6444, virtualRouterId: 9 }),
    keys: ["cluster.api.domainName", "cluster.api.address", "cluster.api.port"],
  },
  {
    change: "another port after a release that recorded the API in its endpoint only",
    from: metal,
    before: api({ address: "10.0.0.10", port: 8443 }),
    after: api({ ...rest, port: 6444 }),
    keys: ["cluster.api.port"],
  },
  {
    change: "a former address that never was",
    from: metal,
    after: api({ ...rest, former: { address: "10.0.0.8", virtualRouterId: 8 } }),
    keys: ["cluster.api.former.address"],
  },
  {
    change: "another port on aws",
    from: aws,
    after: api({ domainName: "api.prod.internal", port: 443 }),
    keys: ["cluster.api.port"],
  },
  {
    change: "another VRRP id of the same address",
    from: metal,
    after: api({ ...rest, virtualRouterId: 7 }),
    keys: ["cluster.balancer.virtualRouterId"],
  },
  {
    change: "a move that forgets the former address's VRRP id",
    from: metal,
    before: api({ ...rest, virtualRouterId: 77 }),
    after: api({ ...rest, address: "10.0.0.9", virtualRouterId: 9, former: { address: "10.0.0.10", virtualRouterId: 10 } }),
    keys: ["cluster.api.former.virtualRouterId"],
  },
  {
    change: "a move together with another host",
    from: metal,
    after: (a) => {
      a.api = { ...rest, port: 6444, former: { port: 8443 } };
      a.hosts.m2 = { ...member(2), incarnation: host(a, "m2").incarnation + 1 };
    },
    keys: ["cluster.api"],
  },
];
