import assert from "node:assert/strict";
import { test } from "node:test";
import { type Properties, unknown } from "../../../plugins/value.ts";
import { authority, caInputs, context, key, leafOf, make, typeOf } from "./tls-samples.ts";

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
  // The window alone changes in place; if the certificate is inside the new window, it is replaced at once.
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

test("a window as long as the validity is visible in the outputs", async () => {
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
