import { addressRange, canonical, contains, inside, listOf, overlap, type Range, range, special } from "../addresses.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { addressesOf, apiPlaces, at, type Rule } from "./rule.ts";

// The addresses that MetalLB gives to Services.

const key = (...path: (string | number)[]) => at("addons", "metallb", ...path);

/** The ranges that can be read, with their place. */
const rangesOf = ({ addons: { metallb } }: Cluster): { range: Range; key: string }[] =>
  (metallb?.addresses ?? []).flatMap((text, index) => {
    const found = addressRange(text);
    return found === undefined ? [] : [{ range: found, key: key("addresses", index) }];
  });

const readable: Rule = {
  says: "Each of `addons.metallb.addresses` is two addresses of one family in their order, or a CIDR whose host part is zero, that hosts can have.",
  check: ({ addons: { metallb } }) =>
    (metallb?.addresses ?? []).flatMap((text, index) => {
      const found = `is ${shown(text)}`;
      const given = addressRange(text);
      if (given === undefined)
        return oneProblem(
          key("addresses", index),
          found,
          "FIRST-LAST with two addresses of one family in their order, or a CIDR",
        );
      if (text.includes("/") && canonical(text) !== text.toLowerCase())
        return oneProblem(key("addresses", index), found, `a range whose host part is zero: ${canonical(text)}`);
      const what = text
        .split("-")
        .map(special)
        .find((it) => it !== undefined);
      return what === undefined ? [] : oneProblem(key("addresses", index), `${found}, ${what}`, "addresses that hosts can have");
    }),
};

const free: Rule = {
  says: "`addons.metallb.addresses` holds no address of a host, of the API or of a router of `peers`, none of pods and Services, and none twice.",
  check(cluster) {
    const { hosts, network, addons } = cluster;
    const taken = [
      ...Object.entries(hosts).flatMap(([name, host]) => addressesOf(host).map((address) => ({ address, what: `host ${name}` }))),
      ...apiPlaces(cluster, "address").map((place) => ({ address: place.value, what: place.key })),
      ...(addons.metallb?.peers ?? []).map(({ address }, index) => ({ address, what: key("peers", index) })),
    ];
    const others = (["podCidr", "serviceCidr"] as const).flatMap((name) =>
      listOf(network[name]).map((text) => ({ other: range(text), what: at("network", name) })),
    );
    const all = rangesOf(cluster);
    return all.flatMap((one, index): Problem[] => {
      const found = `is ${shown(one.range.text)}`;
      const holds = taken.filter(({ address }) => contains(one.range, address));
      const shared = [
        ...others.filter(({ other }) => overlap(one.range, other)).map(({ other, what }) => `${what}, ${other.text}`),
        ...all
          .slice(0, index)
          .filter((it) => overlap(one.range, it.range))
          .map((it) => `${it.key}, ${it.range.text}`),
      ];
      return [
        ...holds.flatMap(({ address, what }) =>
          oneProblem(one.key, `${found}, which holds ${address} of ${what}`, "addresses that nothing else has"),
        ),
        ...shared.flatMap((other) => oneProblem(one.key, found, `a range that shares no address with ${other}`)),
      ];
    });
  },
};

const inNetwork: Rule = {
  says: "With `addons.metallb.mode: l2` its ranges are in `nodeCidrs`, where hosts answer for them, unless `interfaces` names others.",
  check(cluster) {
    const { metallb } = cluster.addons;
    if (metallb?.mode !== "l2" || metallb.interfaces.length > 0) return [];
    const nodes = cluster.nodeCidrs.map(range);
    return rangesOf(cluster)
      .filter(({ range: own }) => !nodes.some((network) => inside(own, network)))
      .flatMap((one) =>
        oneProblem(
          one.key,
          `is ${shown(one.range.text)}`,
          `addresses in cluster.nodeCidrs (${cluster.nodeCidrs.join(", ")}), or ${key("interfaces")} of their network`,
        ),
      );
  },
};

const modes: Rule = {
  says: "`addons.metallb` has `peers` with `mode: bgp`, each once, and `interfaces` with l2 only; a provider with balancers of its own has no use for it.",
  check({ addons: { metallb }, traits, provider }) {
    if (metallb === undefined) return [];
    const { interfaces, mode, peers } = metallb;
    if (traits.ownsEndpoint)
      return oneProblem(key(), "is given", `nothing with cluster.provider: ${provider}, which gives Services addresses itself`);
    const names = peers.map(({ address, port }) => `${address} ${port}`);
    const twice = names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? oneProblem(key("peers", index, "address"), `is ${shown(peers[index]?.address)} once more`, "each router once")
        : [],
    );
    if (mode === "l2")
      return peers.length === 0 ? [] : oneProblem(key("peers"), "is given", `nothing with l2, or ${key("mode")}: bgp`);
    return [
      ...(peers.length === 0 ? oneProblem(key("peers"), "is missing", "at least one router, with bgp") : twice),
      ...(interfaces.length > 0 ? oneProblem(key("interfaces"), "is given", "nothing with bgp") : []),
    ];
  },
};

/** Rules about MetalLB. */
export const metallbRules: readonly Rule[] = [readable, free, inNetwork, modes];
