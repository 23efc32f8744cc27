import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { opensshKey } from "../keys/openssh.ts";
import type { Properties } from "./value.ts";

/** The plugin's curve names and OpenSSL's. */
const curves: Readonly<Record<string, string>> = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" };
/** The plugin's names of curves. */
export const curveNames: readonly string[] = Object.keys(curves);

/** Node's names for algorithms and the plugin's. */
const names: Readonly<Record<string, string>> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };
/** The plugin's names of algorithms. */
export const algorithmNames: readonly string[] = Object.values(names);

const generate = promisify(generateKeyPair) as (type: string, options: object) => Promise<{ privateKey: KeyObject }>;

/** Makes a key. @returns Its id, and all encodings that the plugin has; those of OpenSSH are empty for keys that it lacks (P-224). */
export async function makeKey({ algorithm, rsaBits, ecdsaCurve }: Properties): Promise<{ id: string; outputs: Properties }> {
  const type = Object.keys(names).find((name) => names[name] === algorithm) ?? "";
  const { privateKey: key } = await generate(type, { modulusLength: rsaBits, namedCurve: curves[String(ecdsaCurve)] });
  const pemOf = (form: string) => key.export({ type: form as "pkcs8", format: "pem" }).toString();
  const openKey = createPublicKey(key);
  const openssh = opensshKey(key);
  const id = createHash("sha1")
    .update(openKey.export({ type: "spki", format: "der" }))
    .digest("hex");
  const outputs = {
    id,
    privateKeyPem: pemOf({ rsa: "pkcs1", ec: "sec1" }[type] ?? "pkcs8"),
    privateKeyPemPkcs8: pemOf("pkcs8"),
    privateKeyOpenssh: openssh?.privateKey ?? "",
    publicKeyPem: openKey.export({ type: "spki", format: "pem" }).toString(),
    publicKeyOpenssh: openssh ? `${openssh.publicKey}\n` : "",
    publicKeyFingerprintMd5: openssh?.md5 ?? "",
    publicKeyFingerprintSha256: openssh?.sha256 ?? "",
  };
  return { id, outputs };
}

/** The plugin's name for a key's algorithm. @throws Error for any other algorithm. */
export function algorithmOf(key: KeyObject): string {
  const name = names[key.asymmetricKeyType ?? ""];
  if (!name) throw new Error(`keys of type ${key.asymmetricKeyType} are not supported: use ${algorithmNames.join(", ")}`);
  return name;
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
