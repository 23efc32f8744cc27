import { registry } from "./places.ts";
import { oneProblem, type Problem } from "./problems.ts";
import type { Cluster } from "./schema.ts";
import { isMapping } from "./shape.ts";

// Logins for what hosts fetch from: secrets of the stack beside the cluster.

/** `user:password` by registry or mirror: its host, with the port where its URL has one. */
export type Logins = Readonly<Record<string, string>>;

const LOGIN = "user:password in one line of ASCII, such as robot:s3cret; a token takes the password's place";

/** Whether a text is a login. A user's name can't hold a colon, RFC 7617. A registry's URL in its place is none. */
const isLogin = (text: unknown): text is string =>
  typeof text === "string" && /^(?!https?:\/\/)[\x20-\x39\x3b-\x7e]+:[\x20-\x7e]+$/.test(text);

/** The logins of the stack's secret registryLogins: a mapping as JSON. Throws where `loginProblems` finds it wrong. */
export const readLogins = (text: string): Logins => JSON.parse(text) as Logins;

/** How a login is stored. */
export const loginCure = `config set --secret --path 'registryLogins["registry.example.com"]' < a file with user:password`;

/** The path of a login in messages, without its name where that may be a password: where it is not a host, or the login is one. */
export function loginKey(key: string, name: string, login: unknown): string {
  const isHost = name.includes(".") && registry.safeParse(name).success;
  const isSwapped = typeof login === "string" && /^(https?:\/\/)?[^/:]*\.[^/:]*(:\d+)?(\/.*)?$/.test(login);
  return isHost && !isSwapped ? `${key}.${name}` : key;
}

/** Mistakes in the stack's secret registryLogins, in words that hold nothing of it but names of registries. */
export function loginProblems(key: string, text: string, cluster: Cluster): Problem[] {
  const allowed = `a mapping of registries to logins, each ${LOGIN}`;
  let logins: unknown;
  try {
    logins = JSON.parse(text);
  } catch {
    return oneProblem(key, "is not JSON (not shown)", allowed, loginCure);
  }
  if (!isMapping(logins)) return oneProblem(key, "is not a mapping (not shown)", allowed, loginCure);
  const wrong = Object.entries(logins).flatMap(([name, login]): Problem[] => {
    // Another name may be a password in the wrong place.
    if (!registry.safeParse(name).success)
      return oneProblem(
        key,
        "has a name that can't be a registry (not shown)",
        "names such as registry.example.com:5000",
        loginCure,
      );
    if (isLogin(login)) return [];
    const path = loginKey(key, name, login);
    const found = path === key ? "has a value that is not a login (not shown, nor is its name)" : "is not a login (not shown)";
    const nested = `a dot in a path begins a key below: config rm --path registryLogins.NAME; then ${loginCure}`;
    return oneProblem(path, found, LOGIN, isMapping(login) ? nested : undefined);
  });
  return wrong.length > 0 ? wrong : clearProblems(key, Object.keys(logins), cluster);
}

/** Names of docker.io that no image has: mirrors and logins by them are not used. */
export const hubNames: readonly string[] = ["registry-1.docker.io", "index.docker.io", "hub.docker.com"];

/** Logins that nothing uses: for the hub by another name than its images have, unless that is a mirror. */
export function unusedLogins(key: string, text: string, { containerRuntime: { registryMirrors } }: Cluster): Problem[] {
  const mirrors = Object.values(registryMirrors).flat().flatMap(hostsOfUrl);
  return Object.keys(readLogins(text))
    .filter((name) => hubNames.includes(name.replace(/:443$/, "")) && !mirrors.includes(name))
    .map((name) => ({ key: `${key}.${name}`, found: "is not used", allowed: "docker.io, which images of the hub are named by" }));
}

/** A password never travels in clear text. */
function clearProblems(key: string, registries: readonly string[], { containerRuntime, pools }: Cluster): Problem[] {
  const clear = Object.values(containerRuntime.registryMirrors)
    .flat()
    .filter((url) => url.startsWith("http:"));
  const open = registries.flatMap((name) =>
    clear
      .filter((url) => hostsOfUrl(url).includes(name))
      .map((url) => ({
        key: `${key}.${name}`,
        found: `would travel in clear text to the mirror ${url}`,
        allowed: "a login for an https URL",
        cure: "give the mirror TLS, and its authority in cluster.containerRuntime.registries",
      })),
  );
  return [...open, ...scaledProblems(key, pools)];
}

/** Instances of pools that scale fetch their stages from a bucket, where no secret belongs. */
export const scaledProblems = (key: string, pools: Cluster["pools"]): Problem[] =>
  Object.entries(pools)
    .filter(([, { autoscaling }]) => autoscaling !== undefined)
    .map(([pool]) => ({
      key,
      found: `would not reach the instances of pool ${pool}, which get no secrets`,
      allowed: "nothing with pools that scale",
      cure: "use a registry and a proxy without a login for them, or imagePullSecrets in pods",
    }));

/** Mistakes in the stack's secret proxyLogin. */
export const proxyLoginProblems = (key: string, text: string, { pools }: Cluster): Problem[] =>
  isLogin(text) ? scaledProblems(key, pools) : oneProblem(key, "is not a login (not shown)", LOGIN);

/** A URL's host as a registry's name: without a port, and with the one that its scheme means. */
export function hostsOfUrl(url: string): string[] {
  const { host, hostname, port, protocol } = new URL(url);
  return port === "" ? [host, `${hostname}:${protocol === "https:" ? 443 : 80}`] : [host];
}

/** A login as the value of the header Authorization, RFC 7617. */
export const basicAuthorization = (login: string): string => `Basic ${Buffer.from(login).toString("base64")}`;

/** A proxy's URL with a login. Characters with a meaning in URLs or in quoted words of a shell are percent-encoded. */
export function withLogin(url: string, login: string | undefined): string {
  if (login === undefined) return url;
  const split = login.indexOf(":");
  const encoded = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16)}`);
  return url.replace("://", `://${encoded(login.slice(0, split))}:${encoded(login.slice(split + 1))}@`);
}
