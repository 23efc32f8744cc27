import { bridgedType } from "./bridged.ts";
import { type Failure, type Field, type Fields, misfits } from "./checks.ts";
import type { Provider, Resource } from "./provider.ts";
import { createRequest, selfSign, signRequest, type Terms } from "./tls-certificate.ts";
import { algorithmNames, algorithmOf, curveNames, makeKey, readPrivateKey } from "./tls-key.ts";
import { allowedUseNames, type Names, subjectNames } from "./tls-names.ts";
import { hasUnknown, isObject, type Properties } from "./value.ts";

// Stands in for the plugin `tls`: the same inputs, outputs, defaults and rules of replacement.

const text: Field = { type: "string" };
const requiredText: Field = { type: "string", required: true };
const list: Field = { type: "array" };
const off: Field = { type: "boolean", default: false };

const privateKey = bridgedType({
  fields: {
    algorithm: { ...requiredText, oneOf: algorithmNames },
    rsaBits: { type: "number", default: 2048, minimum: 1024 },
    // The plugin's default, which no TLS library of Go can serve.
    ecdsaCurve: { type: "string", default: "P224", oneOf: curveNames },
  },
  secrets: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
  schemaVersion: 1,
  make: makeKey,
});

const subjectFields: Fields = Object.fromEntries(subjectNames.map((name) => [name, name === "streetAddresses" ? list : text]));
const namesFields: Fields = {
  privateKeyPem: requiredText,
  subject: { type: "object" },
  dnsNames: list,
  ipAddresses: list,
  uris: list,
};
const certificateFields: Fields = {
  allowedUses: { type: "array", required: true, oneOf: allowedUseNames },
  validityPeriodHours: { type: "number", required: true, minimum: 0 },
  earlyRenewalHours: { type: "number", default: 0, minimum: 0, inPlace: true },
  isCaCertificate: off,
  maxPathLength: { type: "number", minimum: -1 },
  setSubjectKeyId: off,
};

const checkSubject = ({ subject }: Properties): Failure[] =>
  isObject(subject) ? misfits(subject, subjectFields, "subject.") : [];

const certRequest = bridgedType({
  fields: namesFields,
  secrets: ["privateKeyPem"],
  check: checkSubject,
  make: async (inputs) => {
    const key = readPrivateKey(String(inputs.privateKeyPem), "privateKeyPem");
    const { id, pem } = createRequest(key, inputs as Names);
    return { id, outputs: { id, certRequestPem: pem, keyAlgorithm: algorithmOf(key) } };
  },
});

/** Any `up` replaces a certificate that expires within earlyRenewalHours: this is how certificates are renewed. */
function expired({ outputs }: Resource, { earlyRenewalHours }: Properties): string[] {
  if (hasUnknown(earlyRenewalHours)) return [];
  const end = Date.parse(String(outputs.validityEndTime));
  return end - Number(earlyRenewalHours) * 3_600_000 <= Date.now() ? ["readyForRenewal"] : [];
}

const selfSignedCert = bridgedType({
  fields: { ...namesFields, ...certificateFields, setAuthorityKeyId: off },
  secrets: ["privateKeyPem"],
  check: checkSubject,
  expired,
  make: async (inputs) => {
    const key = readPrivateKey(String(inputs.privateKeyPem), "privateKeyPem");
    const { id, outputs } = selfSign(key, inputs as Names, inputs as unknown as Terms);
    return { id, outputs: { ...outputs, keyAlgorithm: algorithmOf(key) } };
  },
});

const locallySignedCert = bridgedType({
  fields: { ...certificateFields, caCertPem: requiredText, caPrivateKeyPem: requiredText, certRequestPem: requiredText },
  secrets: ["caPrivateKeyPem"],
  expired,
  make: async (inputs) => {
    const key = readPrivateKey(String(inputs.caPrivateKeyPem), "caPrivateKeyPem");
    const terms = inputs as unknown as Terms;
    const { id, outputs } = signRequest(String(inputs.certRequestPem), String(inputs.caCertPem), key, terms);
    return { id, outputs: { ...outputs, caKeyAlgorithm: algorithmOf(key) } };
  },
});

/** The provider `tls`: keys, certificate requests and certificates. */
export const provider: Provider = {
  version: "5.6.1",
  types: {
    "tls:index/privateKey:PrivateKey": privateKey,
    "tls:index/certRequest:CertRequest": certRequest,
    "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
    "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
  },
};
