import { createReadStream, readFileSync, statSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { PublishedImage } from "./published.ts";

// Pushes images to a registry, as its API of the distribution specification has it.

/** A registry at an address of this machine's networks. */
export interface Registry {
  address: string;
  port: number;
  /** The authority of its certificate, PEM. */
  ca: string;
  /** user:password. */
  login: string;
}

/** Brings an image with everything that it names into a repository, under its tag. What the repository has already is not sent. */
export async function push(registry: Registry, repository: string, { tag, digest, folder }: PublishedImage): Promise<void> {
  const blob = (name: string) => join(folder, "blobs", name.replace(":", "/"));
  const text = readFileSync(blob(digest), "utf8");
  const manifest = JSON.parse(text) as { mediaType: string; config: { digest: string }; layers: { digest: string }[] };
  const place = `/v2/${repository}`;
  for (const { digest: part } of [manifest.config, ...manifest.layers]) {
    if ((await ask(registry, "HEAD", `${place}/blobs/${part}`)).status === 200) continue;
    const { location = "" } = await must(registry, 202, "POST", `${place}/blobs/uploads/`, { "content-length": 0 });
    const upload = new URL(location, `https://${registry.address}`);
    upload.searchParams.set("digest", part);
    const headers = { "content-length": statSync(blob(part)).size, "content-type": "application/octet-stream" };
    await must(registry, 201, "PUT", `${upload.pathname}${upload.search}`, headers, createReadStream(blob(part)));
  }
  const headers = { "content-type": manifest.mediaType, "content-length": Buffer.byteLength(text) };
  await must(registry, 201, "PUT", `${place}/manifests/${tag}`, headers, text);
}

interface Answer {
  status: number;
  location?: string;
  text: string;
}

async function must(registry: Registry, status: number, ...rest: Question): Promise<Answer> {
  const answer = await ask(registry, ...rest);
  const [method, path] = rest;
  if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} in place of ${status}: ${answer.text}`);
  return answer;
}

type Question = [method: string, path: string, headers?: OutgoingHttpHeaders, body?: string | Readable];

function ask({ address, port, ca, login }: Registry, ...[method, path, headers = {}, body = ""]: Question): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ host: address, port, path, method, headers, ca, auth: login }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (data) => {
        text += data;
      });
      response.on("end", () => done({ status: response.statusCode ?? 0, location: response.headers.location, text }));
    });
    sent.on("error", fail);
    if (typeof body === "string") sent.end(body);
    else body.pipe(sent);
  });
}
