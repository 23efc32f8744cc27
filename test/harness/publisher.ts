import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Reach } from "../../artifacts/published/https.ts";
import { type TlsServer, tlsServer } from "./tls-server.ts";

// The projects' own servers and registries, with the layout that they have, on one loopback server.

const hosts = ["dl.k8s.io", "cdn.dl.k8s.io", "github.com", "objects.example.com", "registry.k8s.io", "ghcr.io"];

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
/** The made-up hash of a file. */
export const hashFor = (path: string) => sha256(path);

/** An answer in place of the layout's own. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The index of an image of this name, for these architectures. */
export const index = (name: string, architectures = ["amd64", "arm64"]) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: architectures.map((architecture) => ({
      digest: `sha256:${sha256(name + architecture)}`,
      platform: { os: "linux", architecture },
    })),
  });

export class Publisher {
  /** Answers by `host/path`, in place of the layout's own. */
  readonly odd = new Map<string, Answer>();
  /** `host/path` of every request. */
  readonly asked: string[] = [];
  #server: TlsServer | undefined;

  static async start(): Promise<Publisher> {
    const publisher = new Publisher();
    publisher.#server = await tlsServer(hosts, (request, response) => publisher.#answer(request, response));
    return publisher;
  }

  close(): void {
    this.#server?.close();
  }

  /** As the options of npm run lock. */
  get options(): string[] {
    const { address, ca } = this.#server as TlsServer;
    return ["--ca", ca, ...hosts.flatMap((host) => ["--connect", `${host}:443=${address}`])];
  }

  get reach(): Reach {
    const { address, ca } = this.#server as TlsServer;
    return { ca: readFileSync(ca, "utf8"), connect: new Map(hosts.map((host) => [`${host}:443`, address])) };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", `https://${request.headers.host}`);
    const path = `${url.hostname}${url.pathname}`;
    this.asked.push(path);
    const odd = this.odd.get(path);
    if (odd !== undefined) return void odd(request, response);
    const text = (body: string, headers: Record<string, string> = {}) => response.writeHead(200, headers).end(body);
    if (path.startsWith("dl.k8s.io/")) return void response.writeHead(302, { location: `https://cdn.${path}` }).end();
    if (path.startsWith("cdn.dl.k8s.io/") && path.endsWith(".sha256")) return void text(hashFor(path.slice(4, -7)));
    if (path.startsWith("github.com/") && path.endsWith("/SHA256SUMS")) {
      const version = path.split("/").at(-2);
      const files = ["darwin-amd64.zip", "linux-amd64.tar.gz", "linux-arm64.tar.gz"].map((end) => `etcd-${version}-${end}`);
      return void text(files.map((file) => `${hashFor(file)}  ${file}\n`).join(""));
    }
    if (path.startsWith("github.com/") && path.endsWith("/runc.sha256sum")) {
      const lines = ["runc.amd64", "runc.arm64"].map((file) => `${hashFor(file)} *${file}\n`).join("");
      return void text(`-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${lines}-----BEGIN PGP SIGNATURE-----\n\niQ==\n`);
    }
    const [, registry, image] = /^((?:registry\.k8s|ghcr)\.io)\/v2\/(.+)\/manifests\//.exec(path) ?? [];
    if (image !== undefined) {
      if (request.headers.authorization !== `Bearer for ${image}`) {
        const realm = `Bearer realm="https://${registry}/token",service="${registry}",scope="repository:${image}:pull"`;
        return void response.writeHead(401, { "www-authenticate": realm }).end();
      }
      const body = index(image);
      return void text(body, { "docker-content-digest": `sha256:${sha256(body)}` });
    }
    if (path.endsWith("/token"))
      return void text(JSON.stringify({ token: `for ${url.searchParams.get("scope")?.split(":")[1]}` }));
    response.writeHead(404).end();
  }
}
