import { range } from "../addresses.ts";
import { hostsOfUrl } from "../logins.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { originOf } from "../versions.ts";
import { unevenRanges } from "./networks.ts";
import { at, type Rule } from "./rule.ts";

// Where hosts fetch from, and by which way.

const ownRepository: Rule = {
  says: "`artifacts.imageRepository` is given only where hosts pull images: with source official, or a mirror without a manifest.",
  check(cluster) {
    const { imageRepository } = cluster.artifacts;
    if (imageRepository === undefined || originOf(cluster) === "published") return [];
    const allowed = "nothing: a bundle's archives bring the images, under the names of their projects";
    return oneProblem(at("artifacts", "imageRepository"), `is ${shown(imageRepository)}`, allowed);
  },
};

const authorityOfFiles: Rule = {
  says: "`artifacts.ca` is given only where files come over TLS: not with a bundle or an http mirror.",
  check({ artifacts: { source, location, ca }, traits }) {
    if (ca === undefined) return [];
    const why =
      traits.makesArtifacts || source === "bundle"
        ? "a bundle is a folder on the hosts"
        : source === "mirror" && location?.startsWith("http:")
          ? "the mirror has no TLS: its URL begins with http"
          : undefined;
    return why === undefined ? [] : oneProblem(at("artifacts", "ca"), "is given", `nothing: ${why}`);
  },
};

const verified: Rule = {
  says: "A registry has no `ca` or `clientCertificate` if it is one of `insecureRegistries`, or a mirror by an http URL.",
  check({ containerRuntime: { registries, registryMirrors, insecureRegistries } }) {
    const clear = Object.values(registryMirrors)
      .flat()
      .filter((url) => url.startsWith("http:"));
    return Object.entries(registries).flatMap(([name, { ca, clientCertificate }]): Problem[] => {
      const key = at("containerRuntime", "registries", name);
      const given = ca !== undefined || clientCertificate !== undefined;
      // The port that https means makes no other place of it.
      const names = hostsOfUrl(`https://${name}`);
      const insecure = insecureRegistries.find((it) => hostsOfUrl(`https://${it}`).some((other) => names.includes(other)));
      if (given && insecure !== undefined)
        return oneProblem(
          `${key}.${ca === undefined ? "clientCertificate" : "ca"}`,
          "is given",
          `nothing: cluster.containerRuntime.insecureRegistries has ${insecure}, so nothing is verified`,
        );
      const url = clear.find((it) => hostsOfUrl(it).includes(name));
      return given && url !== undefined
        ? oneProblem(key, `is how TLS is spoken with the mirror ${url}`, "a mirror by an https URL")
        : [];
    });
  },
};

const wholeProxy: Rule = {
  says: "`proxy.none` is given only beside a proxy.",
  check: ({ proxy: { http, https, none } }) =>
    http === undefined && https === undefined && none.length > 0
      ? oneProblem(at("proxy", "none"), `is ${shown(none)}`, "nothing without cluster.proxy.http or https")
      : [],
};

const proxyRanges: Rule = {
  says: "The host part of every range in `proxy.none` is zero, and no range is every address.",
  check({ proxy: { none } }) {
    const ranges = none.flatMap((cidr, index) => (cidr.includes("/") ? [{ key: at("proxy", "none", index), cidr }] : []));
    const whole = ranges.filter(({ cidr }) => range(cidr).prefix === 0);
    const allowed = "ranges of some addresses; without cluster.proxy nothing is asked of a proxy";
    return [
      ...unevenRanges(ranges.filter((it) => !whole.includes(it))),
      ...whole.map(({ key, cidr }) => ({ key, found: `is ${shown(cidr)}: every address`, allowed })),
    ];
  },
};

/** Rules about registries, mirrors and proxies. */
export const sourceRules: readonly Rule[] = [ownRepository, authorityOfFiles, verified, wholeProxy, proxyRanges];
