import { ports } from "../ports.ts";
import { oneProblem } from "../problems.ts";
import { unevenRanges } from "./networks.ts";
import { eachPreparation } from "./preparation.ts";
import type { Rule } from "./rule.ts";

// What the packet filter of hosts lets in.

const firewallPorts: Rule = {
  says: "An entry of `hostPreparation.firewall.allow` has its ports in order, and ranges whose host part is zero.",
  check: (cluster) =>
    eachPreparation(cluster, ({ firewall: { allow } }, at) =>
      allow.flatMap(({ port, lastPort, from }, index) => [
        ...(lastPort !== undefined && lastPort < port
          ? oneProblem(at("firewall", "allow", index, "lastPort"), `is ${lastPort}, before port ${port}`, `${port} or more`)
          : []),
        ...unevenRanges(from.map((cidr, place) => ({ key: at("firewall", "allow", index, "from", place), cidr }))),
      ]),
    ),
};

/** Rules about the packet filter. */
export const firewallRules: readonly Rule[] = [firewallPorts];

/** Whether ranges hold anyone: none, or one that is at least a quarter of all addresses of its family. */
const isAnyone = (from: readonly string[]) => from.length === 0 || from.some((cidr) => Number(cidr.split("/")[1]) <= 2);

const openPorts: Rule = {
  says: "`hostPreparation.firewall.allow` opens a port of the cluster, which only its hosts and pods need, to anyone.",
  check: (cluster) =>
    eachPreparation(cluster, ({ firewall: { enabled, allow } }, at, roles) => {
      if (!enabled) return [];
      const closed = ports(roles, cluster).filter(({ source }) => source === "nodes" || source === "nodes and pods");
      return allow.flatMap(({ port, lastPort = port, protocol, from }, index) => {
        if (!isAnyone(from)) return [];
        const opened = closed
          .filter((it) => it.protocol === protocol && port <= it.number && it.number <= lastPort)
          .map(({ number, program }) => `${number} (${program || "the pod network"})`);
        if (opened.length === 0) return [];
        const allowed = "other ports, or `from` with the ranges that need these: hosts and pods reach them anyway";
        return oneProblem(at("firewall", "allow", index), `opens ports of the cluster to anyone: ${opened.join(", ")}`, allowed);
      });
    }),
};

/** Warnings about the packet filter. */
export const firewallWarnings: readonly Rule[] = [openPorts];
