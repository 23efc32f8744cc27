import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context, ResourceType } from "../../../plugins/provider.ts";
import { provider } from "../../../plugins/tls.ts";
import type { Properties } from "../../../plugins/value.ts";
import { scratch } from "../../harness/scratch.ts";

const folder = scratch();

/** What a provider gets beside the inputs. */
export const context: Context = { name: "thing", log: () => {}, signal: new AbortController().signal };

/** A resource type of the provider `tls`. */
export const typeOf = (name: string): ResourceType => {
  const type = provider.types[`tls:index/${name[0]?.toLowerCase()}${name.slice(1)}:${name}`];
  assert.ok(type);
  return type;
};

/** The outputs of a resource. */
export type Made = Record<string, string> & { readyForRenewal?: boolean };

/** Makes a resource whose inputs must pass the check. */
export async function make(name: string, inputs: Properties): Promise<Made> {
  const type = typeOf(name);
  const checked = await type.check?.(inputs, {}, context);
  assert.deepEqual(checked?.failures, []);
  return (await type.create(inputs, context)).outputs as unknown as Made;
}

/** Writes a file of the tests; returns its path. */
export const file = (name: string, content = ""): string => {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

/** Runs openssl, which must succeed; returns what it prints. */
export const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
/** A certificate as openssl describes it. */
export const textOf = (certificate: Made): string =>
  openssl("x509", "-noout", "-text", "-in", file("shown.pem", certificate.certPem));

/** A private key, by default of P-256. */
export const key = (inputs: Properties = { algorithm: "ECDSA", ecdsaCurve: "P256" }) => make("PrivateKey", inputs);

/** The inputs of a certificate authority. */
export const caInputs = (keyPem = ""): Properties => ({
  privateKeyPem: keyPem,
  isCaCertificate: true,
  validityPeriodHours: 87600,
  allowedUses: ["cert_signing", "digital_signature", "key_encipherment"],
  subject: { commonName: "kubernetes", organization: "The Org" },
});

/** A certificate authority and its key. */
export async function authority(inputs?: Properties) {
  const caKey = await key(inputs);
  return { caKey, ca: await make("SelfSignedCert", caInputs(caKey.privateKeyPem)) };
}

/** A leaf that an authority signs, with its key and its request. */
export async function leafOf(
  { caKey, ca }: { caKey: Made; ca: Made },
  names: Properties,
  more: Properties = {},
  of?: Properties,
) {
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
