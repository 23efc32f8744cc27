import { createPrivateKey, type KeyObject } from "node:crypto";
import { readPrivateKey, signsRight } from "../keys/private.ts";

// SSH keys as texts: mistakes in a key are found before anything logs in with it. RFC 4253 section 6.6, RFC 5656 section 3.1,
// RFC 8709 section 4 and PROTOCOL.key of OpenSSH say what they are made of.

/** Reads the SSH wire format; throws a RangeError where the bytes end too early. */
class Wire {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  number(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  field(): Buffer {
    const length = this.number();
    if (this.#at + length > this.#bytes.length) throw new RangeError("cut off");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }
}

/** A host's public key line: words of a known_hosts file before it, kind, key, comment. */
export const hostKeyLine =
  /^(?:[A-Za-z0-9.,:*|+/=[\]_-]+ )?(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa|rsa-sha2-(?:256|512)) ([A-Za-z0-9+/]+={0,3})( .*)?$/;

/** How an SSH key of a kind goes on after its name: the lengths of its fields; undefined where any is right. */
const publicFields: Readonly<Record<string, readonly (number | undefined)[]>> = {
  "ssh-ed25519": [32],
  "ecdsa-sha2-nistp256": [8, 65],
  "ecdsa-sha2-nistp384": [8, 97],
  "ecdsa-sha2-nistp521": [8, 133],
  "ssh-rsa": [undefined, undefined],
};

/** RSA keys are of one kind, whatever signature is asked of them. */
const kindOf = (word: string) => (word.startsWith("rsa-sha2-") ? "ssh-rsa" : word);

/** Says what is wrong with a host's public key line that has the right form; undefined where nothing is. */
export function hostKeyFault(line: string): string | undefined {
  const [, word = "", base64 = ""] = hostKeyLine.exec(line) ?? [];
  try {
    const wire = new Wire(Buffer.from(base64, "base64"));
    const kind = wire.field().toString("latin1");
    if (kind !== kindOf(word))
      return `a line whose first word names the key's kind: this key's is ${kind.replaceAll(/[^\w@.-]/g, "?").slice(0, 40)}`;
    const right = publicFields[kind]?.every((length) =>
      length === undefined ? wire.field().length > 0 : wire.field().length === length,
    );
    return right && wire.rest === 0 ? undefined : cut;
  } catch (error) {
    if (error instanceof RangeError) return cut;
    throw error;
  }
}
const cut = "the whole line: this key is cut off or changed. Copy it again from the host's /etc/ssh/ssh_host_*_key.pub";

/** A host's public key line as authorized_keys has it: without the words of a known_hosts file, RSA under the name of its kind. */
export function plainHostKey(line: string): string {
  const [, word = "", base64 = "", comment = ""] = hostKeyLine.exec(line) ?? [];
  return word === "" ? line : `${kindOf(word)} ${base64}${comment}`;
}

/** A mistake in a private key, without a word of the key, and the cure. */
export interface KeyFault {
  found: string;
  cure: string;
  /** The key has a passphrase that is not given: fine where that comes later. */
  isLocked?: true;
}

/** The passphrase of a private key, where one may be given, and the config key that holds it, as `config set --secret` takes it. */
export interface Passphrase {
  key: string;
  text?: string;
}

const again = (name: string, file = "~/.ssh/id_ed25519") => `config set --secret ${name} < ${file}`;

/**
 * Finds the mistake in the text of a private key file; undefined if it has none. `name` is the config key that holds it, as
 * `config set --secret` takes it.
 *
 * A key with a passphrase is wrong without that: nobody is there to type it. So is a passphrase beside a key that has none, which
 * Pulumi's plugin refuses.
 */
export function privateKeyFault(text: string, name: string, passphrase?: Passphrase): KeyFault | undefined {
  if (/^PuTTY-User-Key-File/.test(text))
    return { found: "is a key in PuTTY's form", cure: `puttygen KEY.ppk -O private-openssh -o KEY, then ${again(name, "KEY")}` };
  if (/^\s*(ssh-|ecdsa-|sk-)\S+ AAAA/.test(text))
    return { found: "is a public key", cure: `take the file without .pub: ${again(name)}` };
  const [, label] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----/.exec(text) ?? [];
  if (label === undefined) {
    const path = /^[~./\w][^\n]*$/.test(text.trim()) && text.length < 200;
    return { found: `is not a private key${path ? ", perhaps its file's name" : ""}`, cure: again(name) };
  }
  if (!/-----BEGIN [A-Z ]*-----\r?\n/.test(text))
    return { found: "is a private key that lost its line ends", cure: `give the file itself: ${again(name)}` };
  if (!text.includes(`-----END ${label}-----`))
    return { found: "is a private key whose end is missing", cure: `give the whole file: ${again(name)}` };
  const state = label === "OPENSSH PRIVATE KEY" ? opensshState(text) : pemState(text, label);
  if (state === "encrypted") return lockedFault(text, label, name, passphrase);
  if (passphrase?.text !== undefined)
    return { found: "is a private key without a passphrase, and one is given", cure: `config rm ${passphrase.key}` };
  const damaged = {
    found: "is a private key that is damaged: no key can be read from it",
    cure: `give the whole file: ${again(name)}`,
  };
  if (state === "damaged") return damaged;
  try {
    return signsRight(readPrivateKey(text).key) ? undefined : damaged;
  } catch {
    // The reader's words are about its format.
    return unreadFault(text, name) ?? damaged;
  }
}

/** The mistake in a key that has a passphrase. */
function lockedFault(text: string, label: string, name: string, passphrase?: Passphrase): KeyFault | undefined {
  if (passphrase?.text === undefined) {
    const copy = `make a copy without one: cp ~/.ssh/id_ed25519 COPY && ssh-keygen -p -N '' -f COPY && ${again(name, "COPY")}, then delete the copy`;
    const cure = passphrase === undefined ? copy : `config set --secret ${passphrase.key}; or ${copy}`;
    return { found: "is a private key with a passphrase, which nobody could type", cure, isLocked: true };
  }
  // Go's reader, which Pulumi's plugin has, takes OpenSSH's form and the old PEM alone.
  if (label === "ENCRYPTED PRIVATE KEY")
    return {
      found: "is a private key of PKCS #8 with a passphrase, which Pulumi's plugin can't read",
      cure: `write it in OpenSSH's form: ssh-keygen -p -f KEY, then ${again(name, "KEY")}`,
    };
  try {
    return signsRight(readPrivateKey(text, passphrase.text).key) ? undefined : wrongPassphrase(passphrase);
  } catch {
    // The reader's words are about its format.
    return wrongPassphrase(passphrase);
  }
}

const wrongPassphrase = ({ key }: Passphrase): KeyFault => ({
  found: "is a private key that the passphrase does not open",
  cure: `config set --secret ${key}, and try it with ssh-keygen -y -f KEY`,
});

/** Why the reader does not take a key that has all that a key's text must have; undefined where nothing more is known of it. */
function unreadFault(text: string, name: string): KeyFault | undefined {
  const alone = `give the key's file alone: ${again(name)}`;
  if (text.includes("-----BEGIN EC PARAMETERS-----"))
    return {
      found: "has a block EC PARAMETERS before the key",
      cure: `openssl ec -in KEY -out COPY, then ${again(name, "COPY")}`,
    };
  const kind = unknownKind(text);
  if (kind !== undefined) {
    const cure = `make one that it takes: ssh-keygen -t ed25519 -f KEY, add KEY.pub to ~/.ssh/authorized_keys of every host, then ${again(name, "KEY")}`;
    return { found: `is a key of a kind that SSH does not take, ${kind}`, cure };
  }
  if (/^[ \t]+-----END/m.test(text)) return { found: "is a private key with blanks before its lines", cure: alone };
  if (!text.trimStart().startsWith("-----BEGIN")) return { found: "has other lines before the private key", cure: alone };
  if (!/PRIVATE KEY-----\s*$/.test(text)) return { found: "has other lines after the private key", cure: alone };
  return undefined;
}

/** The kind of a key that OpenSSL reads and SSH has none of. */
function unknownKind(text: string): string | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    return undefined; // OpenSSH's own form, or none
  }
  const { asymmetricKeyType: type = "", asymmetricKeyDetails: details } = key;
  if (type === "ec")
    return ["prime256v1", "secp384r1", "secp521r1"].includes(details?.namedCurve ?? "") ? undefined : details?.namedCurve;
  return ["rsa", "dsa", "ed25519"].includes(type) ? undefined : type;
}

type State = "fine" | "encrypted" | "damaged";

function opensshState(text: string): State {
  const [, body = ""] = /-----BEGIN [^-]*-----([^-]*)-----END/.exec(text) ?? [];
  const bytes = Buffer.from(body.replaceAll(/\s/g, ""), "base64");
  const magic = "openssh-key-v1\0";
  if (bytes.subarray(0, magic.length).toString("latin1") !== magic) return "damaged";
  try {
    const wire = new Wire(bytes.subarray(magic.length));
    const cipher = wire.field().toString("latin1");
    // The key derivation and its options.
    wire.field();
    wire.field();
    if (wire.number() !== 1) return "damaged";
    const open = wire.field();
    const closed = wire.field();
    if (wire.rest !== 0 && cipher === "none") return "damaged";
    if (cipher !== "none") return "encrypted";
    return isWhole(new Wire(open), new Wire(closed)) ? "fine" : "damaged";
  } catch (error) {
    if (error instanceof RangeError) return "damaged";
    throw error;
  }
}

/** Both halves are of one kind; the closed one begins with the same number twice. */
function isWhole(open: Wire, closed: Wire): boolean {
  const [first, second] = [closed.number(), closed.number()];
  return first === second && open.field().equals(closed.field());
}

function pemState(text: string, label: string): State {
  if (label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: 4,ENCRYPTED/m.test(text)) return "encrypted";
  try {
    createPrivateKey(text);
    return "fine";
  } catch {
    // OpenSSL's words are about its decoders.
    return "damaged";
  }
}
