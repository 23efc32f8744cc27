import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { after, before, test } from "node:test";
import { stringify } from "yaml";
import { ApiClient, Probe } from "../../../harness/probe.ts";
import { eventually, must } from "../../../harness/process.ts";

// A small server in the API's place that can be told to fail: a probe must see each kind of failure, and a lost write.

let server: Server;
let kubeconfig: string;
let failing: "not" | "unavailable" | "reset" | "forgetful" = "not";
/** Requests that the server did not serve as it should, by method. */
const spoiled = { GET: 0, POST: 0 };
const stored = new Set<string>();
const sockets = new Set<Socket>();
const watching = new Set<ServerResponse>();

before(async () => {
  const names = ["-subj", "/CN=probe", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const pem = await must("openssl", ["req", "-x509", ...curve, ...names, "-days", "1", "-keyout", "-", "-out", "-"]);
  server = createServer({ key: pem, cert: pem }, (request, response) => {
    const url = new URL(request.url ?? "/", "https://api");
    if (failing !== "not") spoiled[request.method === "POST" ? "POST" : "GET"]++;
    if (failing === "reset") return request.socket.destroy();
    if (failing === "unavailable") return response.writeHead(503).end();
    if (url.searchParams.has("watch")) {
      response.writeHead(200).flushHeaders();
      watching.add(response);
      return;
    }
    if (request.method === "POST") {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk;
      });
      request.on("end", () => {
        if (failing !== "forgetful") stored.add(JSON.parse(body).metadata.name);
        for (const watcher of watching) watcher.write(`${JSON.stringify({ type: "ADDED", object: JSON.parse(body) })}\n`);
        response.writeHead(201).end("{}");
      });
      return;
    }
    response.end(JSON.stringify({ items: [...stored].map((name) => ({ metadata: { name } })) }));
  });
  server.on("secureConnection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const { port } = server.address() as AddressInfo;
  kubeconfig = stringify({
    clusters: [{ cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": base64(pem) } }],
    users: [{ user: { "client-certificate-data": base64(pem), "client-key-data": base64(pem) } }],
  });
});
after(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

async function probed(during: () => Promise<unknown>) {
  const probe = new Probe(kubeconfig);
  await eventually("the first answers", 10, () => probe.answers > 3);
  await during();
  failing = "not";
  await eventually("answers again", 10, () => probe.answers > 6);
  return probe.stop();
}

/** Makes the server fail until requests of every kind have met it: the probe sends 20 GETs and 5 POSTs a second. */
function fail(kind: typeof failing): Promise<boolean> {
  Object.assign(spoiled, { GET: 0, POST: 0 });
  failing = kind;
  return eventually("requests that fail", 10, () => spoiled.GET >= 14 && spoiled.POST >= 2);
}

test("nothing fails where nothing is done", async () => {
  const report = await probed(async () => {});
  assert.deepEqual([report.fresh.failed, report.reused.failed, report.writes.failed, report.lost], [[], [], [], []]);
  assert.ok(report.acknowledged > 0);
  assert.equal(report.events, report.acknowledged);
  assert.deepEqual(report.breaks, []);
});

for (const kind of ["unavailable", "reset"] as const) {
  test(`requests that end ${kind} have failed, on new connections, on the kept one and for writes`, async () => {
    const report = await probed(() => fail(kind));
    for (const seen of [report.fresh, report.reused, report.writes]) assert.ok(seen.failed.length > 0, JSON.stringify(seen));
    assert.ok(report.fresh.longestGap >= 400);
    assert.deepEqual(report.lost, []);
  });
}

test("a watch that ends is connected again, and counted", async () => {
  const report = await probed(async () => {
    for (const watcher of watching) watcher.end();
    watching.clear();
    await eventually("another watch", 10, () => watching.size > 0);
  });
  assert.equal(report.breaks.length, 1);
});

test("a write that was acknowledged and is not there is lost", async () => {
  const report = await probed(() => fail("forgetful"));
  assert.ok(report.lost.length > 0);
});

test("a refused connection is a failure, 4xx is an answer", async () => {
  const nobody = new ApiClient(kubeconfig.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"));
  await assert.rejects(nobody.send("GET", "/readyz"), /ECONNREFUSED/);
});
