import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import ssh2 from "ssh2";
import type { Context, ResourceType } from "../../../plugins/provider.ts";
import { provider } from "../../../plugins/tls.ts";
import { type Properties, unknown } from "../../../plugins/value.ts";
import { scratch } from "../../harness/scratch.ts";

let folder: string;
before(() => {
  folder = scratch();
});

const context: Context = { name: "thing", log: () => {}, signal: new AbortController().signal };

const typeOf = (name: string): ResourceType => {
  const type = provider.types[`tls:index/${name[0]?.toLowerCase()}${name.slice(1)}:${name}`];
  assert.ok(type);
  return type;
};

type Made = Record<string, string> & { readyForRenewal?: boolean };

async function make(name: string, inputs: Properties): Promise<Made> {
  const type = typeOf(name);
  const checked = await type.check?.(inputs, {}, context);
  assert.deepEqual(checked?.failures, []);
  return (await type.create(inputs, context)).outputs as unknown as Made;
}

const file = (name: string, content = ""): string => {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const textOf = (certificate: Made): string => openssl("x509", "-noout", "-text", "-in", file("shown.pem", certificate.certPem));

const kinds: [string, Properties][] = [
  ["RSA 2048", { algorithm: "RSA" }],
  ["ECDSA P-224", { algorithm: "ECDSA" }],
  ["ECDSA P-256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
  ["ECDSA P-384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
  ["ECDSA P-521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
  ["Ed25519", { algorithm: "ED25519" }],
];

const key = (inputs: Properties = { algorithm: "ECDSA", ecdsaCurve: "P256" }) => make("PrivateKey", inputs);

const caInputs = (keyPem = ""): Properties => ({
  privateKeyPem: keyPem,
  isCaCertificate: true,
  validityPeriodHours: 87600,
  allowedUses: ["cert_signing", "digital_signature", "key_encipherment"],
  subject: { commonName: "kubernetes", organization: "The Org" },
});

async function authority(inputs?: Properties) {
  const caKey = await key(inputs);
  return { caKey, ca: await make("SelfSignedCert", caInputs(caKey.privateKeyPem)) };
}

async function leafOf({ caKey, ca }: { caKey: Made; ca: Made }, names: Properties, more: Properties = {}, of?: Properties) {
  const leafKey = await key(of);
  const request = await make("CertRequest", { privateKeyPem: leafKey.privateKeyPem ?? "", ...names });
  const leaf = await make("LocallySignedCert", {
    caCertPem: ca.certPem ?? "",
    caPrivateKeyPem: caKey.privateKeyPem ?? "",
    certRequestPem: request.certRequestPem ?? "",
    validityPeriodHours: 24,
    allowedUses: ["digital_signature", "key_encipherment", "server_auth", "client_auth"],
    ...more,
  });
  return { leafKey, request, leaf };
}

for (const [name, inputs] of kinds) {
  test(`${name}: openssl reads every encoding, and all are the same key`, async () => {
    const made = await key(inputs);
    const form = name.startsWith("RSA") ? "RSA PRIVATE KEY" : name.startsWith("Ed") ? "PRIVATE KEY" : "EC PRIVATE KEY";
    assert.ok(made.privateKeyPem?.startsWith(`-----BEGIN ${form}-----\n`));
    assert.ok(made.privateKeyPemPkcs8?.startsWith("-----BEGIN PRIVATE KEY-----\n"));
    for (const pem of [made.privateKeyPem, made.privateKeyPemPkcs8]) {
      assert.equal(openssl("pkey", "-pubout", "-in", file("key.pem", pem)), made.publicKeyPem);
    }
    assert.equal(made.ecdsaCurve, inputs.ecdsaCurve ?? "P224");
    assert.equal(made.rsaBits, 2048);
    assert.match(made.id ?? "", /^[0-9a-f]{40}$/);
  });

  test(`${name}: ssh-keygen reads the OpenSSH forms, or there are none where OpenSSH has no such key`, async () => {
    const made = await key(inputs);
    if (name === "ECDSA P-224") {
      assert.deepEqual([made.privateKeyOpenssh, made.publicKeyOpenssh, made.publicKeyFingerprintMd5], ["", "", ""]);
      return;
    }
    const path = file("openssh", made.privateKeyOpenssh);
    const keygen = (...args: string[]) => execFileSync("ssh-keygen", args, { encoding: "utf8" });
    assert.equal(keygen("-y", "-f", path).trim(), made.publicKeyOpenssh?.trim());
    assert.equal(keygen("-l", "-f", path).split(" ")[1], made.publicKeyFingerprintSha256);
    assert.equal(keygen("-l", "-E", "md5", "-f", path).split(" ")[1], `MD5:${made.publicKeyFingerprintMd5}`);
    assert.ok(!(ssh2.utils.parseKey(made.privateKeyOpenssh ?? "") instanceof Error));
  });

  test(`${name}: openssl verifies a chain of such keys`, async () => {
    const made = await authority(inputs);
    const { leaf } = await leafOf(made, { subject: { commonName: "leaf" }, dnsNames: ["leaf.example"] }, {}, inputs);
    const ca = file("ca.pem", made.ca.certPem);
    assert.match(
      openssl("verify", "-x509_strict", "-CAfile", ca, "-purpose", "sslserver", file("leaf.pem", leaf.certPem)),
      /: OK\n$/,
    );
    assert.match(openssl("verify", "-CAfile", ca, "-purpose", "sslclient", file("leaf.pem", leaf.certPem)), /: OK\n$/);
  });
}

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

test("a leaf: names of every sort, usages, the authority's key id, no key id of its own unless asked", async () => {
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

test("every part of a subject arrives, in the order Go writes them, umlauts too", async () => {
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

test("a self-signed leaf gets an authority key id on demand: its own", async () => {
  const { privateKeyPem = "" } = await key();
  const inputs = { privateKeyPem, validityPeriodHours: 1, allowedUses: ["server_auth"], setAuthorityKeyId: true };
  const text = textOf(await make("SelfSignedCert", { ...inputs, setSubjectKeyId: true, subject: { commonName: "x" } }));
  const [, own] = /Subject Key Identifier:\s+(\S+)/.exec(text) ?? [];
  assert.equal(/Authority Key Identifier:\s+(\S+)/.exec(text)?.[1], own);
  await assert.rejects(make("SelfSignedCert", { ...inputs, subject: { commonName: "x" } }), /setAuthorityKeyId needs/);
});

test("validity: from five minutes ago, until as long from now as asked, also beyond 2049", async () => {
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

const hour = 3_600_000;

function diffOf(name: string, outputs: Properties, inputs: Properties) {
  return typeOf(name).diff?.({ id: "1", inputs, outputs }, inputs, context);
}

test("a certificate is replaced in its window by a plain up, and not before", async () => {
  const made = await authority();
  const { leaf } = await leafOf(made, { subject: { commonName: "x" } }, { validityPeriodHours: 100, earlyRenewalHours: 10 });
  const inputsOf = (earlyRenewalHours: number): Properties => ({
    caCertPem: made.ca.certPem ?? "",
    caPrivateKeyPem: made.caKey.privateKeyPem ?? "",
    certRequestPem: leaf.certRequestPem ?? "",
    validityPeriodHours: 100,
    allowedUses: ["digital_signature", "key_encipherment", "server_auth", "client_auth"],
    earlyRenewalHours,
  });
  const endsIn = (hours: number): Properties => ({ ...leaf, validityEndTime: new Date(Date.now() + hours * hour).toISOString() });
  const diff = (hours: number, earlyRenewalHours = 10) => diffOf("LocallySignedCert", endsIn(hours), inputsOf(earlyRenewalHours));
  assert.deepEqual(await diff(10.1), { update: [], replace: [] });
  assert.deepEqual(await diff(9.9), { update: [], replace: ["readyForRenewal"] });
  assert.deepEqual(await diff(-1), { update: [], replace: ["readyForRenewal"] });
  // The window alone changes in place; where that opens it, the certificate is replaced at once.
  assert.deepEqual(await diff(50, 20), { update: ["earlyRenewalHours"], replace: [] });
  assert.deepEqual(await diff(50, 60), { update: ["earlyRenewalHours"], replace: ["readyForRenewal"] });
});

test("any other change replaces; defaults written out change nothing", async () => {
  const { privateKeyPem } = await key();
  const inputs = caInputs(privateKeyPem);
  const made = await make("SelfSignedCert", inputs);
  const diff = (changes: Properties) => diffOf("SelfSignedCert", made as Properties, { ...inputs, ...changes });
  assert.deepEqual(await diff({ setSubjectKeyId: false, earlyRenewalHours: 0, setAuthorityKeyId: false }), {
    update: [],
    replace: [],
  });
  assert.deepEqual(await diff({ subject: { commonName: "other" } }), { update: [], replace: ["subject"] });
  assert.deepEqual(await diff({ validityPeriodHours: 1 }), { update: [], replace: ["validityPeriodHours"] });
  assert.deepEqual(await diff({ privateKeyPem: unknown }), { update: [], replace: ["privateKeyPem"] });
});

test("an update of the window keeps the certificate, in previews too", async () => {
  const { privateKeyPem } = await key();
  const inputs = caInputs(privateKeyPem);
  const outputs = (await make("SelfSignedCert", inputs)) as Properties;
  const type = typeOf("SelfSignedCert");
  const old = { id: "1", inputs, outputs };
  const expected = { ...outputs, earlyRenewalHours: 5 };
  assert.deepEqual((await type.update?.(old, { ...inputs, earlyRenewalHours: 5 }, context))?.outputs, expected);
  assert.deepEqual(await type.preview?.({ ...inputs, earlyRenewalHours: 5 }, old, context), expected);
});

test("a window as long as the validity says so in the outputs", async () => {
  const { privateKeyPem } = await key();
  assert.equal((await make("SelfSignedCert", { ...caInputs(privateKeyPem), earlyRenewalHours: 87600 })).readyForRenewal, true);
});

test("mistakes are named, and no message holds a key", async () => {
  const made = await authority();
  const { request, leafKey } = await leafOf(made, { subject: { commonName: "x" } });
  const leaf = (changes: Properties) =>
    make("LocallySignedCert", {
      caCertPem: made.ca.certPem ?? "",
      caPrivateKeyPem: made.caKey.privateKeyPem ?? "",
      certRequestPem: request.certRequestPem ?? "",
      validityPeriodHours: 1,
      allowedUses: ["server_auth"],
      ...changes,
    });
  const request2 = (changes: Properties) => make("CertRequest", { privateKeyPem: leafKey.privateKeyPem ?? "", ...changes });
  await assert.rejects(
    leaf({ caPrivateKeyPem: leafKey.privateKeyPem ?? "" }),
    /^Error: caPrivateKeyPem is not the key of caCertPem$/,
  );
  await assert.rejects(leaf({ caCertPem: "nothing" }), /^Error: caCertPem holds no PEM block "CERTIFICATE"$/);
  await assert.rejects(
    leaf({ certRequestPem: made.ca.certPem ?? "" }),
    /^Error: certRequestPem holds no PEM block "CERTIFICATE REQUEST"$/,
  );
  await assert.rejects(request2({ ipAddresses: ["10.0.0.256"] }), /^Error: ipAddresses: "10\.0\.0\.256" is not an IP address$/);
  const broken = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n";
  await assert.rejects(request2({ privateKeyPem: broken }), (error: Error) => {
    assert.match(error.message, /^privateKeyPem is not a private key in PEM form/);
    assert.doesNotMatch(error.message, /c2VjcmV0/);
    return true;
  });
  await assert.rejects(
    make("SelfSignedCert", { ...caInputs(made.caKey.privateKeyPem), subject: {} }),
    /^Error: subject: a CA certificate needs one/,
  );
});

test("a request that was tampered with is refused", async () => {
  const made = await authority();
  const { request } = await leafOf(made, { subject: { commonName: "honest" } });
  const der = Buffer.from((request.certRequestPem ?? "").replace(/-----.+-----|\n/g, ""), "base64");
  der.write("h0nest", der.indexOf("honest"));
  const certRequestPem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
  const inputs = { caCertPem: made.ca.certPem ?? "", caPrivateKeyPem: made.caKey.privateKeyPem ?? "", certRequestPem };
  await assert.rejects(
    make("LocallySignedCert", { ...inputs, validityPeriodHours: 1, allowedUses: [] }),
    /its signature is wrong/,
  );
});

test("inputs are checked by name", async () => {
  const check = async (name: string, inputs: Properties) =>
    JSON.stringify((await typeOf(name).check?.(inputs, {}, context))?.failures);
  assert.match(
    await check("PrivateKey", { algorithm: "DSA" }),
    /"algorithm","reason":"is \\"DSA\\"; allowed: RSA, ECDSA, ED25519"/,
  );
  assert.match(await check("PrivateKey", {}), /"algorithm","reason":"is missing"/);
  assert.match(
    await check("SelfSignedCert", { ...caInputs("x"), allowedUses: ["server"] }),
    /is \\"server\\"; allowed: digital_signature, content_commitment/,
  );
  assert.match(
    await check("SelfSignedCert", { ...caInputs("x"), subject: { CN: "x" } }),
    /"subject.CN","reason":"is not known here/,
  );
  assert.match(await check("CertRequest", { privateKeyPemWo: "x" }), /"privateKeyPemWo","reason":"is not known here/);
  assert.match(await check("SelfSignedCert", { ...caInputs("x"), validityPeriodHours: -1 }), /is -1; the least is 0/);
  assert.equal(await check("SelfSignedCert", { ...caInputs("x"), privateKeyPem: unknown, subject: unknown }), "[]");
});
