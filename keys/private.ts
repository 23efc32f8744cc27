import ssh2, { type ParsedKey } from "ssh2";
import { sshReadableKey } from "./openssh.ts";

/**
 * Reads a private key as every login of this program does: a key that this refuses can't log in anywhere.
 *
 * @throws Error whose message is about the format and holds nothing of the key
 */
export function readPrivateKey(pem: string, passphrase?: string): { text: string; key: ParsedKey } {
  const text = sshReadableKey(pem, passphrase);
  const key = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) throw key;
  return { text, key };
}

/** Whether a key's halves belong together: its public half verifies its signature. No other check finds a single changed character. */
export function signsRight(key: ParsedKey): boolean {
  const data = "whether this key is whole";
  // SHA-1, the default for RSA, is switched off on many systems.
  const hash = key.type === "ssh-rsa" ? "sha256" : undefined;
  const signature = key.sign(data, hash);
  return Buffer.isBuffer(signature) && key.verify(data, signature, hash) === true;
}
