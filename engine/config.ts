import { text } from "node:stream/consumers";
import type { Options } from "./options.ts";
import { fullKey } from "./project.ts";
import type { Stack } from "./stack.ts";

/** Sets a value in Pulumi.<stack>.yaml; a secret is read from standard input unless it is given. */
export async function setConfig(stack: Stack, options: Options): Promise<void> {
  const [verb, key, given, ...more] = options.rest;
  if (verb !== "set" || key === undefined || more.length > 0) {
    throw new Error("config wants: set KEY [VALUE] [--secret]; without VALUE it is read from standard input");
  }
  const value = given ?? (await text(process.stdin)).replace(/\n$/, "");
  if (value === "") throw new Error(`${fullKey(stack.project.name, key)}: the value is empty`);
  if (!options.secret) stack.file.set(key, value);
  else {
    // The file carries the salt of its secrets; where it has none yet, the state's is taken.
    const crypter = await stack.crypter();
    stack.file.setSalt(crypter.salt);
    stack.file.set(key, { secure: crypter.encrypt(value) });
  }
  stack.file.write();
}

/** Prints the config; secrets as `[secret]` unless they are to be shown. */
export async function showConfig(stack: Stack, showSecrets: boolean, print: (line: string) => void): Promise<void> {
  const key = showSecrets && stack.file.hasSecrets ? await stack.keyring.key(stack.file.salt) : undefined;
  const { values, secretKeys } = stack.file.read((ciphertext) => key?.decrypt(ciphertext) ?? "[secret]");
  for (const [name, value] of Object.entries(values))
    print(`${name}: ${secretKeys.includes(name) && !showSecrets ? "[secret]" : value}`);
}
