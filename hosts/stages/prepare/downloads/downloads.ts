import { contains, isAddress, listOf, range } from "../../../../config/addresses.ts";
import { apiNames } from "../../../../config/api.ts";
import { withLogin } from "../../../../config/logins.ts";
import { isPem } from "../../../../config/places.ts";
import type { Cluster } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";

// How a host fetches what comes from elsewhere: hosts/lib/artifacts.sh reads these files, and containerd's service the first one.

const FOLDER = "/etc/ha-kubernetes/downloads";

/** The variables of the proxy, for shells and for systemd's EnvironmentFile. */
export const PROXY_FILE = `${FOLDER}/proxy.env`;

export interface DownloadArgs {
  cluster: Pick<Cluster, "api" | "artifacts" | "containerRuntime" | "network" | "nodeCidrs" | "proxy">;
  /** The API's address, or empty. */
  apiAddress: string;
  /** `user:password` for the proxy. Default: none. */
  proxyLogin?: string;
}

/** What downloads go by. Empty where the config has neither a proxy nor an authority for files. */
export function downloadFiles(args: DownloadArgs): HostFile[] {
  const { ca } = args.cluster.artifacts;
  const files: HostFile[] = [];
  if (proxied(args.cluster)) {
    files.push({
      path: PROXY_FILE,
      mode: "0600",
      content: proxyVariables(args),
      shown: proxyVariables({ ...args, proxyLogin: "***:***" }),
    });
  }
  if (ca !== undefined) {
    const own = `${FOLDER}/ca.pem`;
    if (isPem(ca)) files.push({ path: own, content: ca });
    // Debian's curl trusts its folder of authorities, too.
    files.push({ path: `${FOLDER}/curlrc`, content: `cacert = "${isPem(ca) ? own : ca}"\n` });
  }
  return files;
}

/** Whether the config has a proxy. */
export const proxied = ({ proxy: { http, https } }: Pick<Cluster, "proxy">): boolean => http !== undefined || https !== undefined;

// curl reads http_proxy in lower case alone.
function proxyVariables({ cluster, apiAddress, proxyLogin }: DownloadArgs): string {
  const { http, https = http } = cluster.proxy;
  const variables = { http_proxy: http, https_proxy: https, no_proxy: exceptions(cluster, apiAddress).join(",") };
  return Object.entries(variables)
    .flatMap(([name, value]) => {
      if (value === undefined) return [];
      const shown = name === "no_proxy" ? value : withLogin(value, proxyLogin);
      return [`${name}="${shown}"\n`, `${name.toUpperCase()}="${shown}"\n`];
    })
    .join("");
}

// The cluster's own, which nobody asks a proxy for. curl before 7.86 knows no ranges, so a mirror's address within one stands by itself.
function exceptions({ api, artifacts, network, nodeCidrs, proxy }: DownloadArgs["cluster"], apiAddress: string): string[] {
  const own = ["localhost", "127.0.0.0/8", "127.0.0.1", ...nodeCidrs, ...listOf(network.podCidr), ...listOf(network.serviceCidr)];
  const names = [".svc", `.${network.dnsDomain}`, ...apiNames({ api })];
  const addresses = [apiAddress, api.former?.address ?? ""].filter((address) => address !== "");
  return [
    ...new Set([
      ...own,
      ...names,
      ...addresses,
      ...proxy.none,
      ...mirrorWithin(artifacts.location, [...nodeCidrs, ...proxy.none]),
    ]),
  ];
}

function mirrorWithin(location: string | undefined, exceptions: readonly string[]): string[] {
  if (location === undefined || !location.startsWith("http")) return [];
  const hostname = new URL(location).hostname.replace(/^\[|\]$/g, "");
  const ranges = exceptions.filter((text) => text.includes("/")).map(range);
  return isAddress(hostname) && ranges.some((it) => contains(it, hostname)) ? [hostname] : [];
}

/** Paths on the host that the config names: `key=path`, for preflight. Nodes alone speak with registries. */
export function neededFiles(
  { artifacts, containerRuntime }: Pick<Cluster, "artifacts" | "containerRuntime">,
  node: boolean,
): string[] {
  const registries = Object.entries(node ? containerRuntime.registries : {});
  const paths = [
    ["artifacts.ca", artifacts.ca],
    ...registries.map(([name, { ca }]) => [`containerRuntime.registries.${name}.ca`, ca]),
    ...registries.map(([name, entry]) => [`containerRuntime.registries.${name}.clientCertificate`, entry.clientCertificate]),
  ];
  return paths.flatMap(([key, path]) => (path === undefined || isPem(path) ? [] : [`${key}=${path}`]));
}
