import { createHash, createPublicKey, type KeyObject, randomBytes, sign, verify, X509Certificate } from "node:crypto";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert } from "@peculiar/asn1-schema";
import * as asn1 from "@peculiar/asn1-x509";
import { algorithmOf } from "./tls-key.ts";
import { alternativeNames, extension, type Names, nameOf, usages } from "./tls-names.ts";
import type { Properties } from "./value.ts";

// X.509 certificates and requests (RFC 5280, RFC 2986), made and signed as Go's crypto/x509 does it for the plugin: the same fields,
// extensions and order.

/** A certificate's uses and validity: its inputs, with defaults. */
export interface Terms {
  allowedUses: string[];
  validityPeriodHours: number;
  earlyRenewalHours: number;
  isCaCertificate: boolean;
  /** Absent or -1: no limit. */
  maxPathLength?: number;
  setSubjectKeyId: boolean;
  setAuthorityKeyId?: boolean;
}

/** A new certificate: its serial number in decimal, which the plugin uses as the id, and the plugin's outputs. */
export interface Issued {
  id: string;
  outputs: Properties;
}

/**
 * How far back a certificate's validity starts. The plugin's certificates start now, so a host whose clock is a little behind considers
 * them invalid. kube-controller-manager backdates its certificates by the same time.
 */
const backdatedMinutes = 5;

const oids = {
  extensionRequest: "1.2.840.113549.1.9.14",
  ed25519: "1.3.101.112",
  rsaWithSha256: "1.2.840.113549.1.1.11",
  ecdsaWith: "1.2.840.10045.4.3",
};

const exact = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
const bytesOf = (value: unknown): Buffer => Buffer.from(AsnConvert.serialize(value));
const sha1 = (bytes: Buffer): Buffer => createHash("sha1").update(bytes).digest();

/** SHA-1 of the public key's bits; the plugin wraps those of Ed25519 in an OCTET STRING first. */
function keyIdOf(key: asn1.SubjectPublicKeyInfo): Buffer {
  const bits = Buffer.from(key.subjectPublicKey);
  return sha1(key.algorithm.algorithm === oids.ed25519 ? Buffer.concat([Buffer.from([4, bits.length]), bits]) : bits);
}

/** The signature algorithm and digest that Go picks for a key. */
function signing(key: KeyObject): { algorithm: asn1.AlgorithmIdentifier; digest: string | null } {
  const type = algorithmOf(key);
  const identifier = (algorithm: string, parameters?: ArrayBuffer) => new asn1.AlgorithmIdentifier({ algorithm, parameters });
  if (type === "RSA") return { algorithm: identifier(oids.rsaWithSha256, exact(Buffer.from([5, 0]))), digest: "sha256" };
  if (type === "ED25519") return { algorithm: identifier(oids.ed25519), digest: null };
  const [bits, arc] = { secp384r1: [384, 3], secp521r1: [512, 4] }[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? [256, 2];
  return { algorithm: identifier(`${oids.ecdsaWith}.${arc}`), digest: `sha${bits}` };
}

const spkiOf = (key: KeyObject): asn1.SubjectPublicKeyInfo =>
  AsnConvert.parse(createPublicKey(key).export({ type: "spki", format: "der" }), asn1.SubjectPublicKeyInfo);

function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function fromPem(pem: string, label: string, property: string): Buffer {
  const [, body] = new RegExp(`-----BEGIN ${label}-----([\\s\\S]+?)-----END ${label}-----`).exec(pem) ?? [];
  if (body === undefined) throw new Error(`${property} holds no PEM block "${label}"`);
  return Buffer.from(body, "base64");
}

/** Makes a certificate request, signed by its key. The id is the SHA-1 of the request. */
export function createRequest(key: KeyObject, names: Names): { id: string; pem: string } {
  const extensions = alternativeNames(names);
  const values = [AsnConvert.serialize(new asn1.Extensions(extensions))];
  const certificationRequestInfo = new CertificationRequestInfo({
    version: 0,
    subject: nameOf(names.subject),
    subjectPKInfo: spkiOf(key),
    attributes: new Attributes(extensions.length > 0 ? [new asn1.Attribute({ type: oids.extensionRequest, values })] : []),
  });
  const { algorithm: signatureAlgorithm, digest } = signing(key);
  const signature = exact(sign(digest, bytesOf(certificationRequestInfo), key));
  const der = bytesOf(new CertificationRequest({ certificationRequestInfo, signatureAlgorithm, signature }));
  return { id: sha1(der).toString("hex"), pem: toPem("CERTIFICATE REQUEST", der) };
}

/** The issuer; `keyId` is the subject key id of its certificate, if it has one. */
interface Signer {
  name: asn1.Name;
  key: KeyObject;
  keyId?: Buffer;
}

function issue(
  subject: asn1.Name,
  key: asn1.SubjectPublicKeyInfo,
  alternative: asn1.Extension[],
  terms: Terms,
  signer: Signer,
): Issued {
  const { isCaCertificate: cA, maxPathLength = -1 } = terms;
  if (cA && subject.length === 0) throw new Error("subject: a CA certificate needs one, with at least one part");
  const keyId = cA || terms.setSubjectKeyId ? keyIdOf(key) : undefined;
  const authority = terms.setAuthorityKeyId ? keyId : signer.keyId;
  if (terms.setAuthorityKeyId && !authority) throw new Error("setAuthorityKeyId needs isCaCertificate or setSubjectKeyId");
  const constraints = new asn1.BasicConstraints({ cA, ...(cA && maxPathLength >= 0 && { pathLenConstraint: maxPathLength }) });
  const identified = authority && { keyIdentifier: new asn1.KeyIdentifier(exact(authority)) };
  const now = Date.now();
  const notBefore = new Date(now - backdatedMinutes * 60_000);
  const notAfter = new Date(now + terms.validityPeriodHours * 3_600_000);
  const serial = randomBytes(16);
  // Positive, and as short as DER requires.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const { algorithm, digest } = signing(signer.key);
  const tbsCertificate = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: exact(serial),
    signature: algorithm,
    issuer: signer.name,
    validity: new asn1.Validity({ notBefore, notAfter }),
    subject,
    subjectPublicKeyInfo: key,
    extensions: new asn1.Extensions([
      ...usages(terms.allowedUses),
      extension(asn1.id_ce_basicConstraints, true, constraints),
      ...(keyId ? [extension(asn1.id_ce_subjectKeyIdentifier, false, new asn1.SubjectKeyIdentifier(exact(keyId)))] : []),
      ...(identified ? [extension(asn1.id_ce_authorityKeyIdentifier, false, new asn1.AuthorityKeyIdentifier(identified))] : []),
      ...alternative,
    ]),
  });
  const signatureValue = exact(sign(digest, bytesOf(tbsCertificate), signer.key));
  const der = bytesOf(new asn1.Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue }));
  const id = BigInt(`0x${serial.toString("hex")}`).toString();
  const outputs = {
    id,
    certPem: toPem("CERTIFICATE", der),
    readyForRenewal: terms.earlyRenewalHours >= terms.validityPeriodHours,
    validityStartTime: notBefore.toISOString(),
    validityEndTime: notAfter.toISOString(),
  };
  return { id, outputs };
}

/** Issues a certificate that is signed with its own key. */
export function selfSign(key: KeyObject, names: Names, terms: Terms): Issued {
  const name = nameOf(names.subject);
  return issue(name, spkiOf(key), alternativeNames(names), terms, { name, key });
}

/**
 * Issues a certificate for a request. It takes the request's subject, key and alternative names, and ignores the rest.
 *
 * @throws Error if the request's signature is wrong, or the CA's key does not belong to its certificate.
 */
export function signRequest(requestPem: string, caPem: string, key: KeyObject, terms: Terms): Issued {
  const request = AsnConvert.parse(fromPem(requestPem, "CERTIFICATE REQUEST", "certRequestPem"), CertificationRequest);
  const info = request.certificationRequestInfo;
  const requester = createPublicKey({ key: bytesOf(info.subjectPKInfo), type: "spki", format: "der" });
  const { certificationRequestInfoRaw: raw } = request;
  const signed = raw ? Buffer.from(raw) : bytesOf(info);
  if (!verify(signing(requester).digest, signed, requester, Buffer.from(request.signature))) {
    throw new Error("certRequestPem: its signature is wrong");
  }
  const caDer = fromPem(caPem, "CERTIFICATE", "caCertPem");
  if (!new X509Certificate(caDer).checkPrivateKey(key)) throw new Error("caPrivateKeyPem is not the key of caCertPem");
  const { subject: name, extensions } = AsnConvert.parse(caDer, asn1.Certificate).tbsCertificate;
  const caKeyId = extensions?.find(({ extnID }) => extnID === asn1.id_ce_subjectKeyIdentifier);
  const keyId = caKeyId && Buffer.from(AsnConvert.parse(caKeyId.extnValue.buffer, asn1.SubjectKeyIdentifier).buffer);
  const requested = info.attributes.find(({ type }) => type === oids.extensionRequest)?.values[0];
  const alternative = requested
    ? AsnConvert.parse(requested, asn1.Extensions).filter(({ extnID }) => extnID === asn1.id_ce_subjectAltName)
    : [];
  return issue(info.subject, info.subjectPKInfo, alternative, terms, { name, key, keyId });
}
