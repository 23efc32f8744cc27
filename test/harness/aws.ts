import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

// The parts of AWS that a host's scripts talk to, on loopback: the instance metadata service (IMDSv2), and a service that checks each
// request's signature first. Algorithm: AWS's "Signature Version 4 signing process".

const credential = {
  AccessKeyId: "ASIAEXAMPLE",
  SecretAccessKey: "wJalr/XUtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY",
  Token: "FQoG+ZXIv/YXdz==",
};

/** A request with a valid signature. */
export interface SignedRequest {
  method: string;
  path: string;
  service: string;
  region: string;
  /** X-Amz-Target: the operation of a JSON service. */
  target: string;
  body: Buffer;
}

/** What a service answers: a status other than 200 is an error. */
type Answer = { status?: number; body?: string | Buffer };

export interface FakeAws {
  /** For AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  metadata: string;
  /** Of every service. */
  url: string;
  close: () => Promise<void>;
}

/** Starts both; `serve` answers each request with a valid signature, others get 403. */
export async function startAws(
  serve: (request: SignedRequest) => Answer,
  { secret = credential.SecretAccessKey, metadata: items = {} as Record<string, string> } = {},
): Promise<FakeAws> {
  const role = "meta-data/iam/security-credentials/";
  const known: Record<string, string> = {
    [role]: "node-role",
    [`${role}node-role`]: JSON.stringify({ Code: "Success", ...credential, SecretAccessKey: secret }, undefined, 2),
    ...items,
  };
  const metadata = await listen((request) => {
    if (request.method === "PUT" && request.url === "/latest/api/token") return { body: "TOKEN" };
    if (request.headers["x-aws-ec2-metadata-token"] !== "TOKEN") return { status: 401 };
    const item = known[request.url?.replace("/latest/", "") ?? ""];
    return item === undefined ? { status: 404 } : { body: item };
  });
  const service = await listen((request, body) => {
    const signed = checked(request, body);
    return typeof signed === "string" ? { status: 403, body: signed } : serve(signed);
  });
  const close = async () => {
    for (const server of [metadata, service]) server.close();
  };
  return { metadata: urlOf(metadata), url: urlOf(service), close };
}

/** The request, or the error in its signature. */
function checked(request: IncomingMessage, body: Buffer): SignedRequest | string {
  const { method = "", url = "", headers } = request;
  const [, scope = "", signedHeaders = "", signature] =
    /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    ) ?? [];
  if (headers["x-amz-security-token"] !== credential.Token) return "InvalidToken";
  if (!signedHeaders.split(";").includes("x-amz-security-token")) return "the token is not signed";
  const payload = sha256(body);
  if ((headers["x-amz-content-sha256"] ?? payload) !== payload) return "XAmzContentSHA256Mismatch";
  const lines = signedHeaders.split(";").map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, " ")}\n`);
  const canonical = [method, url, "", lines.join(""), signedHeaders, payload].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${credential.SecretAccessKey}`);
  if (hmac(key, text).toString("hex") !== signature) return "SignatureDoesNotMatch";
  const [, region = "", service = ""] = scope.split("/");
  return { method, path: url, service, region, target: String(headers["x-amz-target"] ?? ""), body };
}

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();

async function listen(answer: (request: IncomingMessage, body: Buffer) => Answer): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { status = 200, body = "" } = answer(request, await buffer(request));
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
