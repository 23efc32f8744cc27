import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { opensshPrivateKey, opensshPublicKey } from "./openssh.ts";
import type { Properties } from "./value.ts";

/** Key algorithms by the plugin's names. */
export const algorithms = ["RSA", "ECDSA", "ED25519"] as const;
/** One of {@link algorithms}. */
export type Algorithm = (typeof algorithms)[number];

/** The plugin's curve names and OpenSSL's. */
const curves: Readonly<Record<string, string>> = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" };
/** The plugin's names of curves. */
export const curveNames: readonly string[] = Object.keys(curves);

/** Algorithms by Node's names. */
const algorithmOf: Readonly<Record<string, Algorithm>> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };

const generate = promisify(generateKeyPair) as (type: string, options: object) => Promise<{ privateKey: KeyObject }>;

/** Makes a key pair. RSA sizes in bits; the curve by the plugin's name. */
export async function generateKey(algorithm: Algorithm, rsaBits: number, curve: string): Promise<KeyObject> {
  if (algorithm === "RSA") return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
  if (algorithm === "ECDSA") return (await generate("ec", { namedCurve: curves[curve] })).privateKey;
  return (await generate("ed25519", {})).privateKey;
}

const pemOf = (key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8") =>
  key.export({ type: type as "pkcs8", format: "pem" }).toString();

/** All encodings that the plugin gives of a key, and its id. What OpenSSH can't express (P-224) is empty, as with the plugin. */
export function encodings(key: KeyObject): { id: string; outputs: Properties } {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const algorithm = algorithmOfKey(key);
  const ssh = opensshPublicKey(key);
  const id = createHash("sha1").update(spki).digest("hex");
  return {
    id,
    outputs: {
      id,
      privateKeyPem: pemOf(key, algorithm === "RSA" ? "pkcs1" : algorithm === "ECDSA" ? "sec1" : "pkcs8"),
      privateKeyPemPkcs8: pemOf(key, "pkcs8"),
      privateKeyOpenssh: opensshPrivateKey(key) ?? "",
      publicKeyPem: createPublicKey(key).export({ type: "spki", format: "pem" }).toString(),
      publicKeyOpenssh: ssh?.line ?? "",
      publicKeyFingerprintMd5: ssh?.md5 ?? "",
      publicKeyFingerprintSha256: ssh?.sha256 ?? "",
    },
  };
}

/** The plugin's name for a key's algorithm. @throws For any other algorithm. */
export function algorithmOfKey(key: KeyObject): Algorithm {
  const algorithm = algorithmOf[key.asymmetricKeyType ?? ""];
  if (!algorithm) throw new Error(`keys of type ${key.asymmetricKeyType} are not supported: use ${algorithms.join(", ")}`);
  return algorithm;
}

/**
 * Reads a private key in PKCS #1, SEC 1 or PKCS #8 form.
 *
 * @param property - Named in the error, which holds nothing of the key.
 */
export function readPrivateKey(pem: string, property: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new Error(`${property} is not a private key in PEM form: ${(error as NodeJS.ErrnoException).code ?? "unreadable"}`);
  }
}
