import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

// Pulumi's passphrase secrets provider: PBKDF2-SHA256 with 1,000,000 rounds makes a 32-byte AES-256-GCM key; a ciphertext is
// v1:<nonce>:<ciphertext and tag>; a salt is v1:<salt>:<the word "pulumi" encrypted>, which tells a wrong passphrase. All base64.

const rounds = 1_000_000;
const tagBytes = 16;

/** The passphrase does not open what it should. */
export class WrongPassphrase extends Error {}

/** Encrypts and decrypts with the key of one salt and passphrase. */
export class Crypter {
  /** What the state and the stack's file hold to find the key again. */
  readonly salt: string;
  readonly #key: Buffer;

  private constructor(salt: string, key: Buffer) {
    this.salt = salt;
    this.#key = key;
  }

  /** Makes a key with a new salt. */
  static async create(passphrase: string): Promise<Crypter> {
    const salt = randomBytes(8);
    const key = await deriveKey(passphrase, salt);
    const check = new Crypter("", key).encrypt("pulumi");
    return new Crypter(`v1:${salt.toString("base64")}:${check}`, key);
  }

  /** Finds the key of a salt again. @throws WrongPassphrase */
  static async open(passphrase: string, salt: string): Promise<Crypter> {
    const [version, text, ...check] = salt.split(":");
    if (version !== "v1" || text === undefined) throw new Error(`the salt of the secrets has an unknown form: ${salt}`);
    const crypter = new Crypter(salt, await deriveKey(passphrase, Buffer.from(text, "base64")));
    try {
      if (crypter.decrypt(check.join(":")) === "pulumi") return crypter;
    } catch (error) {
      throw new WrongPassphrase("the passphrase does not open this stack's secrets", { cause: error });
    }
    throw new WrongPassphrase("the passphrase does not open this stack's secrets");
  }

  encrypt(text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
  }

  /** @throws Error when the text was not encrypted with this key. */
  decrypt(ciphertext: string): string {
    const [version, nonce, sealed] = ciphertext.split(":");
    if (version !== "v1" || nonce === undefined || sealed === undefined) throw new Error("a ciphertext has an unknown form");
    const bytes = Buffer.from(sealed, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64"), { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString("utf8");
  }
}

const deriveKey = (passphrase: string, salt: Buffer): Promise<Buffer> =>
  promisify(pbkdf2)(passphrase, salt, rounds, 32, "sha256");
