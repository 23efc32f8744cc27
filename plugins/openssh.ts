import { createHash, createPrivateKey, type KeyObject, randomBytes } from "node:crypto";

/**
 * OpenSSH's own encodings of keys: the authorized_keys line, the PEM "OPENSSH PRIVATE KEY" and fingerprints.
 * Formats: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4, and PROTOCOL.key of OpenSSH.
 */

/** A length-prefixed string of the SSH wire format. */
const field = (value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** A multiple-precision integer: big-endian, no needless zeros, a zero byte before a set top bit. */
const mpint = (base64url: string): Buffer => {
  let bytes = Buffer.from(base64url, "base64url");
  while (bytes.length > 0 && bytes[0] === 0) bytes = bytes.subarray(1);
  return field((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
};

const nistNames: Record<string, string> = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" };

const raw = (base64url: string | undefined): Buffer => Buffer.from(base64url ?? "", "base64url");

interface WireKey {
  type: string;
  /** The public key as ssh sends it, its type included. */
  publicBlob: Buffer;
  /** The private fields as an OPENSSH PRIVATE KEY holds them, its type included. */
  privateFields: Buffer;
}

function wireKey(key: KeyObject): WireKey | undefined {
  if (key.asymmetricKeyDetails?.namedCurve === "secp224r1") return undefined;
  const jwk = key.export({ format: "jwk" });
  if (jwk.kty === "RSA") {
    const type = "ssh-rsa";
    return {
      type,
      publicBlob: Buffer.concat([field(type), mpint(jwk.e ?? ""), mpint(jwk.n ?? "")]),
      privateFields: Buffer.concat([
        field(type),
        ...[jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map((part) => mpint(part ?? "")),
      ]),
    };
  }
  if (jwk.kty === "EC") {
    const curve = nistNames[jwk.crv ?? ""];
    if (!curve) return undefined;
    const type = `ecdsa-sha2-${curve}`;
    const point = field(Buffer.concat([Buffer.from([4]), raw(jwk.x), raw(jwk.y)]));
    const publicBlob = Buffer.concat([field(type), field(curve), point]);
    return { type, publicBlob, privateFields: Buffer.concat([publicBlob, mpint(jwk.d ?? "")]) };
  }
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") {
    const type = "ssh-ed25519";
    const publicBlob = Buffer.concat([field(type), field(raw(jwk.x))]);
    return { type, publicBlob, privateFields: Buffer.concat([publicBlob, field(Buffer.concat([raw(jwk.d), raw(jwk.x)]))]) };
  }
  return undefined;
}

const wrap = (base64: string, width: number): string => (base64.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join("\n");

/**
 * The key as an "OPENSSH PRIVATE KEY", unencrypted, without a comment.
 *
 * @returns Undefined where OpenSSH has no such key (curve P-224).
 */
export function opensshPrivateKey(key: KeyObject): string | undefined {
  const wire = wireKey(key);
  if (!wire) return undefined;
  const check = randomBytes(4);
  let secret = Buffer.concat([check, check, wire.privateFields, field("")]);
  // Padded with 1, 2, 3, … to the block size of the cipher "none", which is 8.
  for (let pad = 1; secret.length % 8 !== 0; pad++) secret = Buffer.concat([secret, Buffer.from([pad])]);
  const count = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    count,
    field(wire.publicBlob),
    field(secret),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${wrap(body.toString("base64"), 64)}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** What ssh shows of a public key. */
export interface OpensshPublicKey {
  /** As in authorized_keys, with a newline and without a comment. */
  line: string;
  /** Colon-separated hexadecimal. */
  md5: string;
  /** SHA256:… in base64 without padding, as `ssh-keygen -l` prints it. */
  sha256: string;
}

/**
 * The public half of a private key in OpenSSH's forms.
 *
 * @returns Undefined where OpenSSH has no such key (curve P-224).
 */
export function opensshPublicKey(key: KeyObject): OpensshPublicKey | undefined {
  const wire = wireKey(key);
  if (!wire) return undefined;
  const md5 = createHash("md5").update(wire.publicBlob).digest("hex").match(/../g) ?? [];
  return {
    line: `${wire.type} ${wire.publicBlob.toString("base64")}\n`,
    md5: md5.join(":"),
    sha256: sshFingerprint(wire.publicBlob),
  };
}

/** The SHA-256 fingerprint of a public key blob, as `ssh-keygen -l` prints it. */
export function sshFingerprint(publicBlob: Buffer): string {
  return `SHA256:${createHash("sha256").update(publicBlob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * A private key in a form every SSH client library reads: PKCS #8, which some do not, is turned into OpenSSH's own form.
 *
 * @throws When the key cannot be parsed; the message never holds the key.
 */
export function sshReadableKey(pem: string, passphrase?: string): string {
  if (!/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(pem)) return pem;
  const key = createPrivateKey({ key: pem, passphrase });
  const openssh = opensshPrivateKey(key);
  if (!openssh) throw new Error(`SSH knows no ${key.asymmetricKeyType} key of this kind`);
  return openssh;
}
