import { oneProblem, type Problem, shown } from "../problems.ts";
import { at, type Rule } from "./rule.ts";

// CoreDNS: what it would not start with, or would answer wrongly.

const key = (...path: PropertyKey[]) => at("addons", "coredns", ...path);

const stubDomains: Rule = {
  says: "No domain of `addons.coredns.stubDomains` is the cluster's own `network.dnsDomain`, or one above it.",
  check: ({ addons: { coredns }, network: { dnsDomain } }) =>
    Object.keys(coredns.stubDomains).flatMap((domain) =>
      `.${dnsDomain}`.endsWith(`.${domain}`)
        ? oneProblem(
            key("stubDomains", domain),
            `has ${shown(dnsDomain)} in it, the cluster's own names`,
            "a domain that other name servers know",
          )
        : [],
    ),
};

const blocks: Rule = {
  says: "Each of `addons.coredns.extraServerBlocks` ends the braces that it begins, and begins with a zone other than `.`, which the program's own block has.",
  check: ({ addons: { coredns } }) =>
    coredns.extraServerBlocks.flatMap((lines, index): Problem[] => {
      const words = lines.flatMap((line) =>
        line
          .replace(/(^|\s)#.*/, "")
          .split(/\s+/)
          .filter(Boolean),
      );
      let depth = 0;
      const depths = words.map((word) => {
        depth += word === "{" ? 1 : word === "}" ? -1 : 0;
        return depth;
      });
      const place = key("extraServerBlocks", index);
      if (!words.includes("{") || depths.at(-1) !== 0 || depths.some((depth) => depth < 0))
        return oneProblem(
          place,
          "has braces that do not match",
          "lines from `example.com:53 {` to `}`, each brace a word of its own",
        );
      const zones = words.slice(0, words.indexOf("{")).map((zone) =>
        zone
          .replace(/^dns:\/\//, "")
          .replace(/,$/, "")
          .replace(/:53$/, ""),
      );
      if (zones.length === 0 || zones.includes(".") || zones.includes(""))
        return oneProblem(place, "is for the zone `.`", "a zone such as example.com: the program's own block has `.`");
      return [];
    }),
};

const processorLimit: Rule = {
  says: "`addons.coredns.cpuLimit` is at least `cpuRequest`.",
  check({ addons: { coredns } }) {
    const { cpuLimit, cpuRequest } = coredns;
    const thousandths = (text: string) => (text.endsWith("m") ? Number(text.slice(0, -1)) : Number(text) * 1000);
    return cpuLimit === undefined || thousandths(cpuLimit) >= thousandths(cpuRequest)
      ? []
      : oneProblem(key("cpuLimit"), `is ${cpuLimit}`, `at least cpuRequest, ${cpuRequest}`);
  },
};

/** Rules about CoreDNS. */
export const corednsRules: readonly Rule[] = [stubDomains, blocks, processorLimit];
