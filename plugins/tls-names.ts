import { isIP } from "node:net";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as asn1 from "@peculiar/asn1-x509";

// The names and uses of X.509 certificates and requests (RFC 5280) as Go's crypto/x509 writes them for the plugin: the same
// extensions and string types, in the same order.

/** The subject and names of a certificate: the inputs of a CertRequest. */
export interface Names {
  subject?: Readonly<Record<string, string | string[]>>;
  dnsNames?: string[];
  ipAddresses?: string[];
  uris?: string[];
}

/** Bits of the key usage extension from the first on (RFC 5280 section 4.2.1.3), by the plugin's names. */
const keyUsages = [
  ...["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "cert_signing"],
  ...["crl_signing", "encipher_only", "decipher_only"],
];

/** Extended key usages by the plugin's names (RFC 5280 section 4.2.1.12): the ends of their object identifiers, from 1 on. */
const extendedKeyUsages = [
  ...["server_auth", "client_auth", "code_signing", "email_protection", "ipsec_end_system", "ipsec_tunnel", "ipsec_user"],
  ...["timestamping", "ocsp_signing"],
];

/** Names that `allowedUses` may hold. */
export const allowedUseNames: readonly string[] = [...keyUsages, ...extendedKeyUsages, "any_extended"];

/** Object identifiers of the parts of a name, in the order in which Go writes them. */
const nameParts = {
  country: "2.5.4.6",
  organization: "2.5.4.10",
  organizationalUnit: "2.5.4.11",
  locality: "2.5.4.7",
  province: "2.5.4.8",
  streetAddresses: "2.5.4.9",
  postalCode: "2.5.4.17",
  commonName: "2.5.4.3",
  serialNumber: "2.5.4.5",
  emailAddress: "1.2.840.113549.1.9.1",
};
/** Names of the parts of a subject. */
export const subjectNames: readonly string[] = Object.keys(nameParts);

const purposeOids = { any: "2.5.29.37.0", before: "1.3.6.1.5.5.7.3" };

/** A name. Its parts are in the order of `subjectNames`. */
export function nameOf(subject: Names["subject"] = {}): asn1.Name {
  const parts = Object.entries(nameParts).flatMap(([name, type]) =>
    [subject[name] ?? []].flat().map((text) => {
      // The characters of an ASN.1 PrintableString; anything else is UTF-8.
      const kind =
        name === "emailAddress" ? "ia5String" : /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text) ? "printableString" : "utf8String";
      const value = new asn1.AttributeValue({ [kind]: text });
      return new asn1.RelativeDistinguishedName([new asn1.AttributeTypeAndValue({ type, value })]);
    }),
  );
  return new asn1.Name(parts);
}

/** An extension with this value. */
export const extension = (extnID: string, critical: boolean, value: unknown) =>
  new asn1.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

/** Writes an IPv4 address that was mapped into IPv6 as IPv4, like Go. @throws Error if it is not an address. */
function plainAddress(address: string): string {
  if (isIP(address) === 0 || address.includes("%")) throw new Error(`ipAddresses: "${address}" is not an IP address`);
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/**
 * The extension with the alternative names; none where there are none.
 *
 * @throws Error where one of the IP addresses is not one
 */
export function alternativeNames({ subject, dnsNames = [], ipAddresses = [], uris = [] }: Names): asn1.Extension[] {
  const names = [
    ...dnsNames.map((dNSName) => new asn1.GeneralName({ dNSName })),
    ...ipAddresses.map((address) => new asn1.GeneralName({ iPAddress: plainAddress(address) })),
    ...uris.map((uniformResourceIdentifier) => new asn1.GeneralName({ uniformResourceIdentifier })),
  ];
  if (names.length === 0) return [];
  // Critical if it is the only name (RFC 5280 section 4.2.1.6).
  return [extension(asn1.id_ce_subjectAltName, nameOf(subject).length === 0, new asn1.SubjectAlternativeName(names))];
}

/** The extensions with the key usage and the extended key usage. */
export function usages(allowedUses: string[]): asn1.Extension[] {
  const bits = keyUsages.reduce((all, use, bit) => (allowedUses.includes(use) ? all | (1 << bit) : all), 0);
  const purposes = allowedUses
    .filter((use) => !keyUsages.includes(use))
    .map((use) => (use === "any_extended" ? purposeOids.any : `${purposeOids.before}.${extendedKeyUsages.indexOf(use) + 1}`));
  return [
    ...(bits ? [extension(asn1.id_ce_keyUsage, true, new asn1.KeyUsage(bits))] : []),
    ...(purposes.length > 0 ? [extension(asn1.id_ce_extKeyUsage, false, new asn1.ExtendedKeyUsage(purposes))] : []),
  ];
}
