import { createHash, createPrivateKey, type KeyObject, randomBytes } from "node:crypto";

// Encodes keys in OpenSSH's formats: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4, and PROTOCOL.key of OpenSSH.

/** A length-prefixed string of the SSH wire format. */
const field = (...parts: (Buffer | string)[]): Buffer => {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const raw = (base64url = ""): Buffer => Buffer.from(base64url, "base64url");

/** A multiple-precision integer: big-endian, no needless zeros, a zero byte before a set top bit. */
const integer = (base64url?: string): Buffer => {
  let bytes = raw(base64url);
  while (bytes[0] === 0) bytes = bytes.subarray(1);
  return (bytes[0] ?? 0) & 0x80 ? field("\0", bytes) : field(bytes);
};

/** The fields after the type in a public and in a private key. Undefined if OpenSSH has no such key. */
function fieldsOf(key: KeyObject): { type: string; open: Buffer[]; secret: Buffer[] } | undefined {
  // Node has no JWK for this curve.
  if (key.asymmetricKeyDetails?.namedCurve === "secp224r1") return undefined;
  const { kty, crv = "", n, e, d, p, q, qi, x, y } = key.export({ format: "jwk" });
  if (kty === "RSA") {
    return { type: "ssh-rsa", open: [e, n].map(integer), secret: [n, e, d, qi, p, q].map(integer) };
  }
  if (crv === "Ed25519") {
    const open = field(raw(x));
    return { type: "ssh-ed25519", open: [open], secret: [open, field(raw(d), raw(x))] };
  }
  if (!/^P-(256|384|521)$/.test(crv)) return undefined;
  const curve = crv.replace("P-", "nistp");
  const open = [field(curve), field("\x04", raw(x), raw(y))];
  return { type: `ecdsa-sha2-${curve}`, open, secret: [...open, integer(d)] };
}

/** A key pair in OpenSSH's formats. */
export interface OpensshKey {
  /** "OPENSSH PRIVATE KEY", unencrypted, without a comment. */
  privateKey: string;
  /** As in authorized_keys, without a comment. */
  publicKey: string;
  /** Colon-separated hexadecimal. */
  md5: string;
  /** As `ssh-keygen -l` prints it. */
  sha256: string;
}

/** A private key in OpenSSH's formats; undefined if it has no such key (curve P-224). */
export function opensshKey(key: KeyObject): OpensshKey | undefined {
  const { type = "", open, secret } = fieldsOf(key) ?? {};
  if (!open || !secret) return undefined;
  const blob = Buffer.concat([field(type), ...open]);
  const check = randomBytes(4);
  const body = Buffer.concat([check, check, field(type), ...secret, field("")]);
  // Padded with 1, 2, 3, … to the block size of the cipher "none", which is 8.
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, -body.length & 7));
  const header = ["openssh-key-v1\0", field("none"), field("none"), field(""), "\0\0\0\x01"].map((part) => Buffer.from(part));
  const lines =
    Buffer.concat([...header, field(blob), field(body, padding)])
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return {
    privateKey: ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n"),
    publicKey: `${type} ${blob.toString("base64")}`,
    md5: (createHash("md5").update(blob).digest("hex").match(/../g) ?? []).join(":"),
    sha256: sshFingerprint(blob),
  };
}

/** The SHA-256 fingerprint of a public key blob, as `ssh-keygen -l` prints it. */
export const sshFingerprint = (blob: Buffer): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/**
 * A private key in a format that every SSH client library reads: PKCS #8, which some do not read, is converted to OpenSSH's format.
 *
 * @throws Error if the key cannot be parsed; the message never holds the key.
 */
export function sshReadableKey(pem: string, passphrase?: string): string {
  if (!/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(pem)) return pem;
  const key = createPrivateKey({ key: pem, passphrase });
  const openssh = opensshKey(key);
  if (!openssh) throw new Error(`SSH knows no ${key.asymmetricKeyType} key of this kind`);
  return openssh.privateKey;
}
