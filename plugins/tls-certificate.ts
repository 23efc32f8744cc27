import { createHash, createPublicKey, type KeyObject, randomBytes, sign, verify, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as asn1 from "@peculiar/asn1-x509";
import { algorithmOfKey } from "./tls-key.ts";

// X.509 certificates and requests (RFC 5280, RFC 2986) as Go's crypto/x509 builds them for the plugin: the same fields, extensions,
// string types and order.

/** The parts of a name; each at most once, but for the street. */
export interface Subject {
  commonName?: string;
  organization?: string;
  organizationalUnit?: string;
  streetAddresses?: string[];
  locality?: string;
  province?: string;
  country?: string;
  postalCode?: string;
  serialNumber?: string;
  emailAddress?: string;
}

/** Whom a certificate is for. */
export interface Names {
  subject?: Subject;
  dnsNames?: string[];
  ipAddresses?: string[];
  uris?: string[];
}

/** What a certificate allows and how long. */
export interface CertificateOptions {
  allowedUses: string[];
  validityPeriodHours: number;
  isCaCertificate: boolean;
  /** Absent or -1: no limit. */
  maxPathLength?: number;
  setSubjectKeyId: boolean;
  setAuthorityKeyId: boolean;
}

/** A new certificate. */
export interface IssuedCertificate {
  /** The serial number in decimal, as the plugin takes it for an id. */
  serial: string;
  pem: string;
  notBefore: Date;
  notAfter: Date;
}

/** Bits of the key usage extension by the plugin's names (RFC 5280 section 4.2.1.3). */
const keyUsages: Readonly<Record<string, number>> = {
  digital_signature: asn1.KeyUsageFlags.digitalSignature,
  content_commitment: asn1.KeyUsageFlags.nonRepudiation,
  key_encipherment: asn1.KeyUsageFlags.keyEncipherment,
  data_encipherment: asn1.KeyUsageFlags.dataEncipherment,
  key_agreement: asn1.KeyUsageFlags.keyAgreement,
  cert_signing: asn1.KeyUsageFlags.keyCertSign,
  crl_signing: asn1.KeyUsageFlags.cRLSign,
  encipher_only: asn1.KeyUsageFlags.encipherOnly,
  decipher_only: asn1.KeyUsageFlags.decipherOnly,
};

/** Object identifiers of extended key usages by the plugin's names (RFC 5280 section 4.2.1.12, and Go's crypto/x509 for the rest). */
const extendedKeyUsages: Readonly<Record<string, string>> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
  microsoft_server_gated_crypto: "1.3.6.1.4.1.311.10.3.3",
  netscape_server_gated_crypto: "2.16.840.1.113730.4.1",
  microsoft_commercial_code_signing: "1.3.6.1.4.1.311.2.1.22",
  microsoft_kernel_code_signing: "1.3.6.1.4.1.311.61.1.1",
};

/** Names that `allowedUses` may hold. */
export const allowedUseNames: readonly string[] = [...Object.keys(keyUsages), ...Object.keys(extendedKeyUsages)].sort();

const hour = 3_600_000;

function attribute(type: string, text: string | undefined): asn1.RelativeDistinguishedName[] {
  if (text === undefined) return [];
  // The characters of an ASN.1 PrintableString; anything else is UTF-8.
  const value = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text) ? { printableString: text } : { utf8String: text };
  return [rdn(type, value)];
}

const rdn = (type: string, value: Partial<asn1.AttributeValue>) =>
  new asn1.RelativeDistinguishedName([new asn1.AttributeTypeAndValue({ type, value: new asn1.AttributeValue(value) })]);

function nameOf(subject: Subject = {}): asn1.Name {
  const { emailAddress } = subject;
  return new asn1.Name([
    ...attribute("2.5.4.6", subject.country),
    ...attribute("2.5.4.10", subject.organization),
    ...attribute("2.5.4.11", subject.organizationalUnit),
    ...attribute("2.5.4.7", subject.locality),
    ...attribute("2.5.4.8", subject.province),
    ...(subject.streetAddresses ?? []).flatMap((street) => attribute("2.5.4.9", street)),
    ...attribute("2.5.4.17", subject.postalCode),
    ...attribute("2.5.4.3", subject.commonName),
    ...attribute("2.5.4.5", subject.serialNumber),
    ...(emailAddress === undefined ? [] : [rdn("1.2.840.113549.1.9.1", { ia5String: emailAddress })]),
  ]);
}

function extension(extnID: string, critical: boolean, value: unknown): asn1.Extension {
  return new asn1.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/**
 * An address in the one form that the ASN.1 library surely reads right: IPv4, also where it was mapped into IPv6, or eight groups.
 *
 * @throws When it is no address.
 */
function plainAddress(address: string): string {
  if (isIP(address) === 0 || address.includes("%")) throw new Error(`ipAddresses: "${address}" is not an IP address`);
  if (isIP(address) === 4) return address;
  // The URL parser gives the canonical form, an embedded IPv4 address as two groups.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail = ""] = canonical.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
  if (groups.slice(0, 6).join() !== "0,0,0,0,0,ffff") return groups.join(":");
  return groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join(".");
}

function alternativeNames({ subject, dnsNames = [], ipAddresses = [], uris = [] }: Names): asn1.Extension[] {
  const names = [
    ...dnsNames.map((dNSName) => new asn1.GeneralName({ dNSName })),
    ...ipAddresses.map((address) => new asn1.GeneralName({ iPAddress: plainAddress(address) })),
    ...uris.map((uniformResourceIdentifier) => new asn1.GeneralName({ uniformResourceIdentifier })),
  ];
  if (names.length === 0) return [];
  // Critical where it is the only name (RFC 5280 section 4.2.1.6).
  return [extension(asn1.id_ce_subjectAltName, nameOf(subject).length === 0, new asn1.SubjectAlternativeName(names))];
}

function usages(allowedUses: string[]): asn1.Extension[] {
  const bits = allowedUses.reduce((all, use) => all | (keyUsages[use] ?? 0), 0);
  const purposes = allowedUses.flatMap((use) => extendedKeyUsages[use] ?? []);
  return [
    ...(bits ? [extension(asn1.id_ce_keyUsage, true, new asn1.KeyUsage(bits))] : []),
    ...(purposes.length > 0 ? [extension(asn1.id_ce_extKeyUsage, false, new asn1.ExtendedKeyUsage(purposes))] : []),
  ];
}

const sha1 = (bytes: Uint8Array): Buffer => createHash("sha1").update(bytes).digest();

/** SHA-1 of the public key's bits; the plugin wraps those of Ed25519 in an OCTET STRING first. */
function subjectKeyId(key: asn1.SubjectPublicKeyInfo): Buffer {
  const bits = Buffer.from(key.subjectPublicKey);
  return sha1(key.algorithm.algorithm === "1.3.101.112" ? Buffer.concat([Buffer.from([4, bits.length]), bits]) : bits);
}

/** The signature algorithm and digest that Go picks for a key. */
function signing(key: KeyObject): { algorithm: asn1.AlgorithmIdentifier; digest: string | null } {
  const type = algorithmOfKey(key);
  if (type === "RSA") {
    const parameters = new Uint8Array([5, 0]).buffer;
    return { algorithm: new asn1.AlgorithmIdentifier({ algorithm: "1.2.840.113549.1.1.11", parameters }), digest: "sha256" };
  }
  if (type === "ED25519") return { algorithm: new asn1.AlgorithmIdentifier({ algorithm: "1.3.101.112" }), digest: null };
  const [bits, arc] = { secp384r1: [384, 3], secp521r1: [512, 4] }[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? [256, 2];
  return { algorithm: new asn1.AlgorithmIdentifier({ algorithm: `1.2.840.10045.4.3.${arc}` }), digest: `sha${bits}` };
}

const exact = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;

const spkiOf = (key: KeyObject): asn1.SubjectPublicKeyInfo =>
  AsnConvert.parse(createPublicKey(key).export({ type: "spki", format: "der" }), asn1.SubjectPublicKeyInfo);

function toPem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
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
  const request = AsnConvert.serialize(new asn1.Extensions(extensions));
  const extensionRequest = new asn1.Attribute({ type: "1.2.840.113549.1.9.14", values: [request] });
  const certificationRequestInfo = new CertificationRequestInfo({
    version: 0,
    subject: nameOf(names.subject),
    subjectPKInfo: spkiOf(key),
    attributes: new Attributes(extensions.length > 0 ? [extensionRequest] : []),
  });
  const { algorithm, digest } = signing(key);
  const signature = exact(sign(digest, Buffer.from(AsnConvert.serialize(certificationRequestInfo)), key));
  const der = AsnConvert.serialize(
    new CertificationRequest({ certificationRequestInfo, signatureAlgorithm: algorithm, signature }),
  );
  return { id: sha1(Buffer.from(der)).toString("hex"), pem: toPem("CERTIFICATE REQUEST", der) };
}

interface Signer {
  name: asn1.Name;
  key: KeyObject;
  /** The subject key id of its certificate; of a self-signed one, that which the new certificate gets. */
  keyId?: Buffer | "own";
}

function issue(
  subject: asn1.Name,
  key: asn1.SubjectPublicKeyInfo,
  alternative: asn1.Extension[],
  options: CertificateOptions,
  signer: Signer,
): IssuedCertificate {
  const { isCaCertificate: isCa, maxPathLength = -1 } = options;
  if (isCa && subject.length === 0) throw new Error("subject: a CA certificate needs one, with at least one part");
  const keyId = isCa || options.setSubjectKeyId ? subjectKeyId(key) : undefined;
  const authority = signer.keyId === "own" ? keyId : signer.keyId;
  if (signer.keyId === "own" && !authority) throw new Error("setAuthorityKeyId needs isCaCertificate or setSubjectKeyId");
  const pathLength = isCa && maxPathLength >= 0 ? { pathLenConstraint: maxPathLength } : {};
  const notBefore = new Date();
  const notAfter = new Date(notBefore.getTime() + options.validityPeriodHours * hour);
  const serial = BigInt(`0x${randomBytes(16).toString("hex")}`);
  const { algorithm, digest } = signing(signer.key);
  const tbsCertificate = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: integer(serial),
    signature: algorithm,
    issuer: signer.name,
    validity: new asn1.Validity({ notBefore, notAfter }),
    subject,
    subjectPublicKeyInfo: key,
    extensions: new asn1.Extensions([
      ...usages(options.allowedUses),
      extension(asn1.id_ce_basicConstraints, true, new asn1.BasicConstraints({ cA: isCa, ...pathLength })),
      ...(keyId ? [extension(asn1.id_ce_subjectKeyIdentifier, false, new asn1.SubjectKeyIdentifier(exact(keyId)))] : []),
      ...(authority ? [extension(asn1.id_ce_authorityKeyIdentifier, false, authorityKeyId(authority))] : []),
      ...alternative,
    ]),
  });
  const signatureValue = exact(sign(digest, Buffer.from(AsnConvert.serialize(tbsCertificate)), signer.key));
  const der = AsnConvert.serialize(new asn1.Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue }));
  return { serial: serial.toString(), pem: toPem("CERTIFICATE", der), notBefore, notAfter };
}

const authorityKeyId = (id: Buffer) => new asn1.AuthorityKeyIdentifier({ keyIdentifier: new asn1.KeyIdentifier(exact(id)) });

/** A non-negative integer's bytes in DER: the fewest, with a zero before a set top bit. */
function integer(value: bigint): ArrayBuffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex");
  return exact((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** Issues a certificate that its own key signs. */
export function selfSign(key: KeyObject, names: Names, options: CertificateOptions): IssuedCertificate {
  const name = nameOf(names.subject);
  const keyId = options.setAuthorityKeyId ? "own" : undefined;
  return issue(name, spkiOf(key), alternativeNames(names), options, { name, key, keyId });
}

/**
 * Issues a certificate for a request: its subject, key, and alternative names are taken, nothing else of it.
 *
 * @throws When the request's signature is wrong, or the CA's key is not that of its certificate.
 */
export function signRequest(requestPem: string, caPem: string, caKey: KeyObject, options: CertificateOptions): IssuedCertificate {
  const request = AsnConvert.parse(fromPem(requestPem, "CERTIFICATE REQUEST", "certRequestPem"), CertificationRequest);
  const info = request.certificationRequestInfo;
  const publicKey = createPublicKey({ key: Buffer.from(AsnConvert.serialize(info.subjectPKInfo)), type: "spki", format: "der" });
  const signed = Buffer.from(request.certificationRequestInfoRaw ?? AsnConvert.serialize(info));
  if (!verify(signing(publicKey).digest, signed, publicKey, Buffer.from(request.signature))) {
    throw new Error("certRequestPem: its signature is wrong");
  }
  const caDer = fromPem(caPem, "CERTIFICATE", "caCertPem");
  if (!new X509Certificate(caDer).checkPrivateKey(caKey)) throw new Error("caPrivateKeyPem is not the key of caCertPem");
  const ca = AsnConvert.parse(caDer, asn1.Certificate).tbsCertificate;
  const caKeyId = ca.extensions?.find(({ extnID }) => extnID === asn1.id_ce_subjectKeyIdentifier);
  const requested = info.attributes.find(({ type }) => type === "1.2.840.113549.1.9.14")?.values[0];
  const alternative = requested
    ? AsnConvert.parse(requested, asn1.Extensions).filter(({ extnID }) => extnID === asn1.id_ce_subjectAltName)
    : [];
  const keyId = caKeyId && Buffer.from(AsnConvert.parse(caKeyId.extnValue.buffer, asn1.SubjectKeyIdentifier).buffer);
  return issue(info.subject, info.subjectPKInfo, alternative, options, { name: ca.subject, key: caKey, keyId });
}
