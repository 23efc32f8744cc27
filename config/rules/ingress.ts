import { addressRange, contains } from "../addresses.ts";
import { oneProblem, shown } from "../problems.ts";
import { goPortRange } from "./go-arguments.ts";
import { at, type Rule } from "./rule.ts";

// Where an ingress answers.

const key = (...path: string[]) => at("addons", "ingress", ...path);

const addresses: Rule = {
  says: "`addons.ingress` has an address to answer at: with `exposure: load-balancer` one of `addons.metallb` or of the provider's balancers; its `address` is in `addons.metallb.addresses`.",
  check({ addons: { ingress, metallb }, traits }) {
    if (ingress === undefined) return [];
    const { address, exposure } = ingress;
    if (exposure === "load-balancer" && metallb === undefined && !traits.ownsEndpoint)
      return oneProblem(
        key("exposure"),
        "is load-balancer, and nothing gives its Service an address",
        "host-ports or node-ports, or addons.metallb beside it",
      );
    if (address === undefined) return [];
    if (exposure !== "load-balancer" || metallb === undefined)
      return oneProblem(key("address"), `is ${shown(address)}`, "nothing, or exposure: load-balancer with addons.metallb");
    const ranges = metallb.addresses.map(addressRange).filter((it) => it !== undefined);
    if (ranges.some((range) => contains(range, address))) return [];
    return oneProblem(key("address"), `is ${shown(address)}`, `an address in ${metallb.addresses.join(", ")}`);
  },
};

const nodePorts: Rule = {
  says: "`addons.ingress.nodePorts` are two ports in the range of NodePorts.",
  check({ addons: { ingress }, api }) {
    if (ingress?.exposure !== "node-ports") return [];
    const { http, https } = ingress.nodePorts;
    const { first, last } = goPortRange(api.extraArgs["service-node-port-range"] ?? "") ?? { first: 30_000, last: 32_767 };
    const outside = (["http", "https"] as const)
      .filter((name) => ingress.nodePorts[name] < first || ingress.nodePorts[name] > last)
      .flatMap((name) =>
        oneProblem(
          key("nodePorts", name),
          `is ${ingress.nodePorts[name]}`,
          `a port from ${first} to ${last}, the range of NodePorts`,
        ),
      );
    if (http !== https) return outside;
    return [...outside, ...oneProblem(key("nodePorts", "https"), `is ${https}, as is http`, "a port of its own")];
  },
};

/** Rules about the ingress. */
export const ingressRules: readonly Rule[] = [addresses, nodePorts];
