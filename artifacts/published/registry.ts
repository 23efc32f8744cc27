import { createHash } from "node:crypto";
import type { Found } from "./checksums.ts";
import { type Answer, get, type Reach } from "./https.ts";

// Digests of images, as their registries have them: the OCI distribution specification, and the token authentication of Docker's.

const INDEXES = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const MANIFESTS = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

interface Manifest {
  mediaType?: string;
  manifests?: ({ platform?: { os?: string; architecture?: string } } | null)[];
}

/** The registry's host, the repository and the tag of a full name such as ghcr.io/flannel-io/flannel:v0.28.4. */
export function partsOf(reference: string): { host: string; repository: string; tag: string } {
  const [, host = "", repository = "", tag = ""] = /^([^/]+)\/(.+):([^:/]+)$/.exec(reference) ?? [];
  // Its API has another name than its images.
  return { host: host === "docker.io" ? "registry-1.docker.io" : host, repository, tag };
}

/** The digest of an image for all its platforms. Throws where the registry can't be asked, or gives something else than it says. */
export async function publishedDigest(reference: string, reach: Reach = {}): Promise<Found> {
  const { host, repository, tag } = partsOf(reference);
  const url = `https://${host}/v2/${repository}/manifests/${tag}`;
  const accept = [...INDEXES, ...MANIFESTS].join(", ");
  let answer = await get(url, { accept }, reach);
  if (answer.status === 401) answer = await get(url, { accept, authorization: await tokenFor(answer, url, reach) }, reach);
  if (answer.status === 404) return { url, note: "the registry has no such image (HTTP status 404)" };
  if (answer.status !== 200) throw new Error(`${url} answers with HTTP status ${answer.status}`);
  const hash = `sha256:${createHash("sha256").update(answer.body).digest("hex")}`;
  const said = answer.headers["docker-content-digest"];
  if (said !== undefined && said !== hash)
    throw new Error(`${url} says that its digest is ${said}, and what it gives has ${hash}`);
  const lacking = lackOf(answer, url);
  // Hosts of the other architecture would find out in the middle of an up.
  return lacking === undefined ? { url, hash } : { url, note: `${lacking}, so its digest ${hash} is not taken` };
}

/** What an image lacks that is not of both architectures. */
function lackOf({ body, headers }: Answer, url: string): string | undefined {
  const manifest = objectOf<Manifest>(body);
  if (manifest === undefined) throw new Error(`${url} gives no manifest of an image`);
  const type = manifest.mediaType ?? String(headers["content-type"]).split(";")[0];
  if (MANIFESTS.includes(type as string)) return "is of one architecture alone";
  if (!INDEXES.includes(type as string)) throw new Error(`${url} gives no manifest of an image, but ${type}`);
  const list = Array.isArray(manifest.manifests) ? manifest.manifests : [];
  const has = new Set(list.map((it) => `${it?.platform?.os}/${it?.platform?.architecture}`));
  const lacking = ["linux/amd64", "linux/arm64"].filter((platform) => !has.has(platform));
  return lacking.length === 0 ? undefined : `is not there for ${lacking.join(" and ")}`;
}

/** The JSON object of an answer; undefined where it is none. */
function objectOf<T extends object>(body: Buffer): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Partial<T>) : undefined;
  } catch {
    return undefined;
  }
}

/** The header that the registry's own login gives to everybody. */
async function tokenFor({ headers }: Answer, url: string, reach: Reach): Promise<string> {
  const challenge = String(headers["www-authenticate"] ?? "");
  const values = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  if (!/^bearer /i.test(challenge) || values.realm === undefined || !URL.canParse(values.realm))
    throw new Error(`${url} needs a login, which this command doesn't have`);
  const realm = new URL(values.realm);
  for (const name of ["service", "scope"]) if (values[name] !== undefined) realm.searchParams.set(name, values[name]);
  const { status, body } = await get(realm.href, {}, reach);
  if (status !== 200) throw new Error(`${realm.origin} gives no token for ${url}: HTTP status ${status}`);
  const { token, access_token } = objectOf<{ token: unknown; access_token: unknown }>(body) ?? {};
  const given = token ?? access_token;
  // A header of other characters is refused with its value in the message.
  if (typeof given !== "string" || !/^[\x20-\x7e]+$/.test(given))
    throw new Error(`${realm.origin} gives no token for ${url}: its answer has none`);
  return `Bearer ${given}`;
}
