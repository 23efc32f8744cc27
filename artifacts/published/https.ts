import { Agent, type RequestOptions, request } from "node:https";
import { getCACertificates } from "node:tls";

// Small answers of public servers, by HTTPS alone: what comes over plain HTTP may be anybody's.

/** How servers are reached. */
export interface Reach {
  /** More authorities to trust, PEM. By default those of Node alone. */
  ca?: string;
  /** Other addresses of servers: `address:port` by `name:port`. Certificates are still those of the name. By default none. */
  connect?: ReadonlyMap<string, string>;
  /** How long an answer may take. By default 30 s. */
  timeoutMilliseconds?: number;
}

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
  /** Where the answer came from in the end. */
  url: string;
}

/** Checksum files and manifests are some KB. */
const LARGEST_BYTES = 4 << 20;
const TIMEOUT_MILLISECONDS = 30_000;
/** The end of the wait for an answer. A server that was silent so long is not asked again. */
class Silence extends Error {}
const REDIRECTS = 5;
const ATTEMPTS = 3;

/**
 * Asks for a URL and follows redirects, with a login only to the same host. Waits and asks again where a server is busy or cut off.
 *
 * @throws Error for another protocol than HTTPS, where the server can't be reached, and for an answer that is cut short or too large
 */
export async function get(url: string, headers: Readonly<Record<string, string>> = {}, reach: Reach = {}): Promise<Answer> {
  let at = new URL(url);
  let sent = headers;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    if (at.protocol !== "https:") {
      const is = at.protocol === "http:" ? "is plain HTTP" : "is not HTTPS";
      const why = hop === 0 ? is : `leads to ${at.href}, which ${is}`;
      throw new Error(`${url} ${why}: a hash that comes that way is not taken`);
    }
    const answer = await patiently(at, sent, reach);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || typeof location !== "string") return answer;
    if (!URL.canParse(location, at.href)) throw new Error(`${url} leads to ${JSON.stringify(location)}, which is not a URL`);
    const next = new URL(location, at);
    if (next.host !== at.host) sent = Object.fromEntries(Object.entries(sent).filter(([name]) => name !== "authorization"));
    at = next;
  }
  throw new Error(`${url} leads elsewhere more than ${REDIRECTS} times`);
}

async function patiently(url: URL, headers: Readonly<Record<string, string>>, reach: Reach): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt === ATTEMPTS;
    const answer = await once(url, headers, reach).catch((error: Error) => {
      if (last || error instanceof Silence) throw new Error(`${url.href} can't be read: ${error.message}`);
      return undefined;
    });
    if (answer !== undefined && (last || (answer.status < 500 && answer.status !== 429))) return answer;
    await new Promise((resolve) => setTimeout(resolve, attempt * 500));
  }
}

function once(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { ca, connect, timeoutMilliseconds = TIMEOUT_MILLISECONDS }: Reach,
): Promise<Answer> {
  const other = connect?.get(`${url.hostname}:${url.port || 443}`);
  const cut = other?.lastIndexOf(":") ?? 0;
  const options: RequestOptions = {
    method: "GET",
    headers: { ...headers, host: url.host, "user-agent": "ha-kubernetes" },
    servername: url.hostname,
    host: other?.slice(0, cut) ?? url.hostname,
    port: other?.slice(cut + 1) ?? (url.port || 443),
    path: url.pathname + url.search,
    // By way of the environment's proxies, as everything else of this machine.
    agent: new Agent({
      ...(ca !== undefined && { ca: [...getCACertificates("default"), ca] }),
      ...(other === undefined && { proxyEnv: process.env }),
    }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > LARGEST_BYTES) asked.destroy(new Error(`the answer has more than ${LARGEST_BYTES} bytes`));
      });
      response.on("aborted", () => reject(new Error("the answer was cut short")));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), url: url.href }),
      );
    });
    const silent = new Silence(`no whole answer in ${timeoutMilliseconds / 1000} s`);
    const timer = setTimeout(() => {
      reject(silent);
      asked.destroy();
    }, timeoutMilliseconds);
    asked.on("close", () => clearTimeout(timer));
    asked.on("error", reject);
    asked.end();
  });
}
