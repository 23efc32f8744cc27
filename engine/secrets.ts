import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Crypter, WrongPassphrase } from "./crypto.ts";

// Where a stack's passphrase comes from, and the keys made of it.

/** The stack whose passphrase is made here and kept beside the program, git-ignored: a throw-away one. */
export const throwAwayStack = "dev";

/** The file with the throw-away stack's passphrase. */
export const passphraseFile = (folder: string): string => join(folder, ".passphrase");

/**
 * A stack's passphrase: PULUMI_CONFIG_PASSPHRASE, else the file that PULUMI_CONFIG_PASSPHRASE_FILE names, else, for the
 * throw-away stack, the one in .passphrase, made at random where there is none yet.
 *
 * @throws Error when there is none or it is empty, saying how to give one.
 */
export function findPassphrase(folder: string, stack: string): string {
  const { PULUMI_CONFIG_PASSPHRASE: direct, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  if (direct !== undefined) return notEmpty(direct, "PULUMI_CONFIG_PASSPHRASE");
  if (file) return notEmpty(readFileSync(file, "utf8").trim(), file);
  if (stack !== throwAwayStack) {
    throw new Error(
      `stack ${stack} needs a passphrase for its secrets: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file with it`,
    );
  }
  const path = passphraseFile(folder);
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  return notEmpty(readFileSync(path, "utf8").trim(), path);
}

function notEmpty(passphrase: string, source: string): string {
  if (passphrase === "") throw new Error(`the passphrase from ${source} is empty: secrets would lie open`);
  return passphrase;
}

/** The keys of a stack: one for each salt, made when first needed (about 0.3 s each). */
export class Keyring {
  readonly #passphrase: () => string;
  readonly #source: string;
  readonly #keys = new Map<string, Promise<Crypter>>();

  constructor(folder: string, stack: string) {
    let found: string | undefined;
    this.#passphrase = () => {
      found ??= findPassphrase(folder, stack);
      return found;
    };
    this.#source = stack === throwAwayStack ? `, or in ${passphraseFile(folder)}` : "";
  }

  /** The key of a salt; without a salt, a new one. */
  async key(salt: string | undefined): Promise<Crypter> {
    if (salt === undefined) return Crypter.create(this.#passphrase());
    let key = this.#keys.get(salt);
    if (key === undefined) {
      key = Crypter.open(this.#passphrase(), salt);
      this.#keys.set(salt, key);
    }
    try {
      return await key;
    } catch (error) {
      if (!(error instanceof WrongPassphrase)) throw error;
      throw new Error(`${error.message}: give the one it was made with in PULUMI_CONFIG_PASSPHRASE${this.#source}`, {
        cause: error,
      });
    }
  }
}
