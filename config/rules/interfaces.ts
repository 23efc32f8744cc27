import { buildsBalancer } from "../api.ts";
import { podNetworkOf } from "../pod-network.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { isNode } from "../roles.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// Interfaces of single hosts.

const ownInterfaces: Rule = {
  says: "`balancerInterface` is given for balancers of ours alone, and `flannelInterface` for workers and control planes alone where flannel is the pod network.",
  check: (cluster) =>
    eachHost(cluster, (name, { roles, balancerInterface, flannelInterface }) => {
      const unused = (key: string, value: string | undefined, why: string | undefined): Problem[] =>
        value === undefined || why === undefined
          ? []
          : oneProblem(at("hosts", name, key), `is ${shown(value)}, ${why}`, "nothing");
      const balancer = buildsBalancer(cluster) ? undefined : "and the balancer is not this program's";
      const flannel = podNetworkOf(cluster) ? undefined : "and flannel is not the pod network";
      return [
        ...unused(
          "balancerInterface",
          balancerInterface,
          roles.includes("balancer") ? balancer : "and the host is not a balancer",
        ),
        ...unused("flannelInterface", flannelInterface, isNode(roles) ? flannel : "and the host runs no pods"),
      ];
    }),
};

/** Rules about interfaces. */
export const interfaceRules: readonly Rule[] = [ownInterfaces];
