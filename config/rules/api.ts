import { isNodeLocal, isVirtual, routerId } from "../api.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// What the API was found at before a move.

const former = (key: string) => at("api", "former", key);

const formerDiffers: Rule = {
  says: "`api.former` holds what of `domainName`, `address` and `port` has moved, so each differs from the present one.",
  check({ provider, traits, api }) {
    if (api.former === undefined) return [];
    if (traits.ownsEndpoint) {
      return oneProblem(
        at("api", "former"),
        "is given",
        `nothing with cluster.provider: ${provider}, where the API doesn't move`,
      );
    }
    const keys = ["domainName", "address", "port"] as const;
    if (keys.every((key) => api.former?.[key] === undefined)) {
      return oneProblem(at("api", "former"), "names nothing that has moved", `one of ${keys.join(", ")}, or no such key`);
    }
    return keys.flatMap((key): Problem[] =>
      api.former?.[key] !== undefined && api.former[key] === api[key]
        ? oneProblem(former(key), `is ${shown(api[key])}, as is cluster.api.${key}`, "what it was before, or no such key")
        : [],
    );
  },
};

const formerAddress: Rule = {
  says: "`api.former.address` is not the address of a host, and not given where every node has its own balancer.",
  check(cluster) {
    if (isNodeLocal(cluster) && cluster.api.former?.address !== undefined) {
      const allowed = "nothing with cluster.balancer.kind: node-local, where clients go by no address";
      return oneProblem(former("address"), `is ${shown(cluster.api.former.address)}`, allowed);
    }
    return eachHost(cluster, (name, { address }) =>
      address !== undefined && address === cluster.api.former?.address
        ? oneProblem(former("address"), `is ${shown(address)}, the address of host ${name}`, "the address that the API had")
        : [],
    );
  },
};

const formerRouterId: Rule = {
  says: "While a virtual IP moves, the VRRP ids of the two differ; `api.former.virtualRouterId` is of use with `api.former.address` only.",
  check(cluster) {
    const { api, balancer } = cluster;
    if (api.former === undefined) return [];
    const { address, virtualRouterId } = api.former;
    if (address === undefined || !isVirtual(cluster)) {
      if (virtualRouterId === undefined) return [];
      return oneProblem(former("virtualRouterId"), `is ${virtualRouterId}`, "nothing where no virtual IP of this program moves");
    }
    if (api.address === undefined) return [];
    const id = routerId(address, virtualRouterId);
    if (id !== routerId(api.address, balancer.virtualRouterId)) return [];
    return oneProblem(
      at("balancer", "virtualRouterId"),
      `is ${id}, as is that of cluster.api.former.address ${address}`,
      "another number from 1 to 255: both addresses are held for a while",
    );
  },
};

/** Rules about `api.former`. */
export const apiRules: readonly Rule[] = [formerDiffers, formerAddress, formerRouterId];
