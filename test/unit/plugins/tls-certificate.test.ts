import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { authority, caInputs, file, key, leafOf, make, openssl, textOf } from "./tls-samples.ts";

test("a certificate of P-256 serves TLS to a client that trusts the CA only, both ways", async () => {
  const made = await authority();
  const names = {
    subject: { commonName: "node", organization: "system:nodes" },
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  };
  const { leaf, leafKey } = await leafOf(made, names);
  const identity = { key: leafKey.privateKeyPem, cert: leaf.certPem, ca: made.ca.certPem };
  const server = createServer({ ...identity, requestCert: true, rejectUnauthorized: true }, (socket) => socket.end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client: TLSSocket = connect({ ...identity, host: "127.0.0.1", port, servername: "localhost" });
  const [data] = (await once(client, "data")) as [Buffer];
  assert.equal(data.toString(), "hello");
  assert.equal(client.authorized, true);
  client.destroy();
  server.close();
});

test("a CA: critical constraints, key usage and its own key id; no authority key id", async () => {
  const text = textOf((await authority()).ca);
  assert.match(text, /X509v3 Basic Constraints: critical\s+CA:TRUE\n/);
  assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature, Key Encipherment, Certificate Sign\n/);
  assert.match(text, /X509v3 Subject Key Identifier:/);
  assert.doesNotMatch(text, /Authority Key Identifier|Extended Key Usage|Alternative Name/);
  assert.match(text, /Subject: O = The Org, CN = kubernetes\n/);
});

test("a leaf: names of every kind, usages, the authority's key id, and its own key id only on request", async () => {
  const made = await authority();
  const names = {
    subject: { commonName: "kube-apiserver" },
    dnsNames: ["kubernetes", "*.example.org"],
    ipAddresses: ["10.96.0.1", "fd00::a", "::ffff:1.2.3.4"],
    uris: ["spiffe://cluster/ns/x"],
  };
  const { leaf } = await leafOf(made, names);
  const text = textOf(leaf);
  const [, alternative] = /X509v3 Subject Alternative Name:\s+(.+)\n/.exec(text) ?? [];
  const addresses = "IP Address:10.96.0.1, IP Address:FD00:0:0:0:0:0:0:A, IP Address:1.2.3.4";
  assert.equal(alternative, `DNS:kubernetes, DNS:*.example.org, ${addresses}, URI:spiffe://cluster/ns/x`);
  assert.match(text, /X509v3 Extended Key Usage:\s+TLS Web Server Authentication, TLS Web Client Authentication\n/);
  assert.match(text, /X509v3 Basic Constraints: critical\s+CA:FALSE\n/);
  const keyId = /Subject Key Identifier:\s+(\S+)/.exec(textOf(made.ca))?.[1];
  assert.equal(/Authority Key Identifier:\s+(\S+)/.exec(text)?.[1], keyId);
  assert.doesNotMatch(text, /Subject Key Identifier/);
  const { leaf: withId } = await leafOf(made, names, { setSubjectKeyId: true });
  assert.match(textOf(withId), /Subject Key Identifier/);
});

test("a leaf whose subject is empty has its names marked critical", async () => {
  const { leaf } = await leafOf(await authority(), { dnsNames: ["only.example"] });
  assert.match(textOf(leaf), /X509v3 Subject Alternative Name: critical/);
});

test("every part of a subject arrives, in the order that Go writes them, with umlauts, too", async () => {
  const subject = {
    commonName: "système@x",
    organization: "O",
    organizationalUnit: "OU",
    streetAddresses: ["S1", "S2"],
    locality: "L",
    province: "P",
    country: "CH",
    postalCode: "8000",
    serialNumber: "42",
  };
  const { leaf } = await leafOf(await authority(), { subject });
  const [, shown] = /Subject: (.+)\n/.exec(textOf(leaf)) ?? [];
  const order = "C = CH, O = O, OU = OU, L = L, ST = P, street = S1, street = S2, postalCode = 8000";
  assert.equal(shown, `${order}, CN = syst\\C3\\A8me@x, serialNumber = 42`);
});

test("an intermediate CA with a path limit signs leaves that verify", async () => {
  const root = await authority();
  const limits = { isCaCertificate: true, maxPathLength: 0, allowedUses: ["cert_signing"] };
  const { leaf: middle, leafKey: middleKey } = await leafOf(root, { subject: { commonName: "middle" } }, limits);
  assert.match(textOf(middle), /CA:TRUE, pathlen:0/);
  const { leaf } = await leafOf({ caKey: middleKey, ca: middle }, { subject: { commonName: "leaf" } });
  const args = ["verify", "-CAfile", file("root.pem", root.ca.certPem), "-untrusted", file("middle.pem", middle.certPem)];
  assert.match(openssl(...args, file("leaf.pem", leaf.certPem)), /: OK\n$/);
});

test("a self-signed leaf gets its own key id as authority key id on request", async () => {
  const { privateKeyPem = "" } = await key();
  const inputs = { privateKeyPem, validityPeriodHours: 1, allowedUses: ["server_auth"], setAuthorityKeyId: true };
  const text = textOf(await make("SelfSignedCert", { ...inputs, setSubjectKeyId: true, subject: { commonName: "x" } }));
  const [, own] = /Subject Key Identifier:\s+(\S+)/.exec(text) ?? [];
  assert.equal(/Authority Key Identifier:\s+(\S+)/.exec(text)?.[1], own);
  await assert.rejects(make("SelfSignedCert", { ...inputs, subject: { commonName: "x" } }), /setAuthorityKeyId needs/);
});

test("validity: from five minutes ago, for the requested time from now, also beyond 2049", async () => {
  const { privateKeyPem } = await key();
  const made = await make("SelfSignedCert", { ...caInputs(privateKeyPem), validityPeriodHours: 24 * 365 * 40 });
  const certificate = new X509Certificate(made.certPem ?? "");
  const backdated = 5 * 60_000;
  const span = Date.parse(made.validityEndTime ?? "") - Date.parse(made.validityStartTime ?? "");
  assert.equal(span, 40 * 365 * 24 * 3_600_000 + backdated);
  assert.equal(certificate.validToDate.getTime(), Math.floor(Date.parse(made.validityEndTime ?? "") / 1000) * 1000);
  assert.ok(certificate.validFromDate.getTime() <= Date.now() - backdated);
  assert.equal(certificate.validFromDate.getTime(), Math.floor(Date.parse(made.validityStartTime ?? "") / 1000) * 1000);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(privateKeyPem ?? "")));
  assert.equal(BigInt(`0x${certificate.serialNumber}`).toString(), made.id);
});
