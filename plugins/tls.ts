import { bridgedType } from "./bridged.ts";
import { type Failure, type Fields, misfits } from "./checks.ts";
import type { Provider, Resource, ResourceType } from "./provider.ts";
import {
  allowedUseNames,
  type CertificateOptions,
  createRequest,
  type IssuedCertificate,
  type Names,
  selfSign,
  signRequest,
} from "./tls-certificate.ts";
import { type Algorithm, algorithmOfKey, algorithms, curveNames, encodings, generateKey, readPrivateKey } from "./tls-key.ts";
import { hasUnknown, isObject, type Properties } from "./value.ts";

// Stands in for the plugin `tls`: the same inputs, outputs, defaults and rules of replacement.

const hour = 3_600_000;

const privateKey = bridgedType({
  fields: {
    algorithm: { type: "string", required: true, oneOf: algorithms },
    rsaBits: { type: "number", default: 2048, minimum: 1024 },
    // The plugin's default, which no TLS library of Go can serve.
    ecdsaCurve: { type: "string", default: "P224", oneOf: curveNames },
  },
  secrets: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
  schemaVersion: 1,
  make: async ({ algorithm, rsaBits, ecdsaCurve }) =>
    encodings(await generateKey(algorithm as Algorithm, rsaBits as number, ecdsaCurve as string)),
});

const subjectFields: Fields = {
  commonName: { type: "string" },
  organization: { type: "string" },
  organizationalUnit: { type: "string" },
  streetAddresses: { type: "array" },
  locality: { type: "string" },
  province: { type: "string" },
  country: { type: "string" },
  postalCode: { type: "string" },
  serialNumber: { type: "string" },
  emailAddress: { type: "string" },
};

const namesFields: Fields = {
  privateKeyPem: { type: "string", required: true },
  subject: { type: "object" },
  dnsNames: { type: "array" },
  ipAddresses: { type: "array" },
  uris: { type: "array" },
};

const certificateFields: Fields = {
  allowedUses: { type: "array", required: true, oneOf: allowedUseNames },
  validityPeriodHours: { type: "number", required: true, minimum: 0 },
  earlyRenewalHours: { type: "number", default: 0, minimum: 0, inPlace: true },
  isCaCertificate: { type: "boolean", default: false },
  maxPathLength: { type: "number", minimum: -1 },
  setSubjectKeyId: { type: "boolean", default: false },
};

const checkSubject = ({ subject }: Properties): Failure[] =>
  isObject(subject) ? misfits(subject, subjectFields, "subject.") : [];

const certRequest = bridgedType({
  fields: namesFields,
  secrets: ["privateKeyPem"],
  check: checkSubject,
  make: async (inputs) => {
    const key = readPrivateKey(inputs.privateKeyPem as string, "privateKeyPem");
    const { id, pem } = createRequest(key, inputs as Names);
    return { id, outputs: { id, certRequestPem: pem, keyAlgorithm: algorithmOfKey(key) } };
  },
});

/** A certificate is replaced when its end is nearer than earlyRenewalHours, by any `up`: that is how certificates are renewed. */
function expired({ outputs }: Resource, { earlyRenewalHours }: Properties): string[] {
  if (hasUnknown(earlyRenewalHours)) return [];
  const end = Date.parse(String(outputs.validityEndTime));
  return end - Number(earlyRenewalHours) * hour <= Date.now() ? ["readyForRenewal"] : [];
}

function certificateOutputs(certificate: IssuedCertificate, inputs: Properties): { id: string; outputs: Properties } {
  return {
    id: certificate.serial,
    outputs: {
      id: certificate.serial,
      certPem: certificate.pem,
      readyForRenewal: Number(inputs.earlyRenewalHours) >= Number(inputs.validityPeriodHours),
      validityStartTime: certificate.notBefore.toISOString(),
      validityEndTime: certificate.notAfter.toISOString(),
    },
  };
}

const optionsOf = (inputs: Properties): CertificateOptions => ({ setAuthorityKeyId: false, ...inputs }) as CertificateOptions;

const selfSignedCert = bridgedType({
  fields: { ...namesFields, ...certificateFields, setAuthorityKeyId: { type: "boolean", default: false } },
  secrets: ["privateKeyPem"],
  check: checkSubject,
  expired,
  make: async (inputs) => {
    const key = readPrivateKey(inputs.privateKeyPem as string, "privateKeyPem");
    const { id, outputs } = certificateOutputs(selfSign(key, inputs as Names, optionsOf(inputs)), inputs);
    return { id, outputs: { ...outputs, keyAlgorithm: algorithmOfKey(key) } };
  },
});

const locallySignedCert: ResourceType = bridgedType({
  fields: {
    ...certificateFields,
    caCertPem: { type: "string", required: true },
    caPrivateKeyPem: { type: "string", required: true },
    certRequestPem: { type: "string", required: true },
  },
  secrets: ["caPrivateKeyPem"],
  expired,
  make: async (inputs) => {
    const { certRequestPem, caCertPem, caPrivateKeyPem } = inputs as Record<string, string>;
    const caKey = readPrivateKey(caPrivateKeyPem ?? "", "caPrivateKeyPem");
    const certificate = signRequest(certRequestPem ?? "", caCertPem ?? "", caKey, optionsOf(inputs));
    const { id, outputs } = certificateOutputs(certificate, inputs);
    return { id, outputs: { ...outputs, caKeyAlgorithm: algorithmOfKey(caKey) } };
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
