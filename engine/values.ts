import { type Properties, unknown, type Value } from "./providers/provider.ts";

// Property values as the engine holds them: the providers' plain values plus `Secret`, and their three written forms:
// on the wire to the program, in the state file, and in clear for a provider.

/** A value that must never be seen in clear. Its inside holds no further `Secret`. */
export class Secret {
  readonly value: Value;
  /** Names inside the value that the state marks secret once more, as the plugins do: the CLI would see a difference otherwise. */
  readonly inner: readonly string[];
  constructor(value: Tracked, inner: readonly string[] = []) {
    this.value = plain(value);
    this.inner = inner;
  }
}

/** A property's value with its secrets marked. */
export type Tracked = Value | Secret | readonly Tracked[] | { readonly [key: string]: Tracked };
/** Inputs or outputs with their secrets marked. */
export type TrackedProperties = { readonly [key: string]: Tracked };

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Special values of the protocol that the engine does not carry, by signature. Resource references pass through as they are. */
const refused: Readonly<Record<string, string>> = {
  c44067f5952c0a294b673a41bacd8c17: "assets",
  "0def7320c3a5731c473e5ecbe6d01bc7": "archives",
  d0e6a833031e9bbcd3f4e8bde6ca49a4: "output values",
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isList = (value: unknown): value is readonly Tracked[] => Array.isArray(value);
const isMap = (value: unknown): value is { readonly [key: string]: Tracked } =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Secret);

function mapMap<A, B>(map: { readonly [key: string]: A }, change: (value: A, key: string) => B): { [key: string]: B } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}

/** The value in clear. */
export function plain(value: Tracked): Value {
  if (value instanceof Secret) return value.value;
  if (isList(value)) return value.map(plain);
  return isMap(value) ? mapMap(value, plain) : value;
}

/** Properties in clear. */
export const plainProperties = (properties: TrackedProperties): Properties => mapMap(properties, plain);

/** Whether a value is or holds a secret. */
export function hasSecret(value: Tracked): boolean {
  if (value instanceof Secret) return true;
  if (isList(value)) return value.some(hasSecret);
  return isMap(value) && Object.values(value).some(hasSecret);
}

/**
 * Marks secret in `value` what is secret at the same place of `like`: how secrets come back from a provider that saw them in
 * clear. A list of another length than its pattern, which holds a secret, is secret as a whole.
 */
export function markLike(value: Value, like: Tracked | undefined): Tracked {
  if (like instanceof Secret) return new Secret(value, like.inner);
  if (isList(value) && isList(like)) {
    if (value.length === like.length) return value.map((item, index) => markLike(item as Value, like[index]));
    return hasSecret(like) ? new Secret(value) : value;
  }
  if (isMap(value) && isMap(like)) return mapMap(value, (item, key) => markLike(item as Value, like[key]));
  return value;
}

/** Marks a provider's outputs: like the inputs, and wholly those named. Unknown stays unknown, secret or not. */
export function markProperties(values: Properties, like: TrackedProperties, names: readonly string[] = []): TrackedProperties {
  return mapMap(values, (value, key) => (names.includes(key) ? new Secret(value) : markLike(value, like[key])));
}

/** Marks whole properties secret. */
export const markNames = (properties: TrackedProperties, names: readonly string[]): TrackedProperties =>
  mapMap(properties, (value, key) => (names.includes(key) && !(value instanceof Secret) ? new Secret(value) : value));

/** Marks names inside secret properties secret once more. */
export const markInner = (properties: TrackedProperties, names: readonly string[]): TrackedProperties =>
  mapMap(properties, (value) => (value instanceof Secret && isMap(value.value) ? new Secret(value, names) : value));

/** Takes secrets that did not change from `old`, so that the state file keeps their ciphertexts. */
export function reuseSecrets<T extends Tracked>(value: T, old: Tracked | undefined): T {
  if (value instanceof Secret) {
    const unchanged = old instanceof Secret && same(value, old) && (old.inner.length > 0 || value.inner.length === 0);
    return unchanged ? (old as T) : value;
  }
  if (isList(value)) return value.map((item, index) => reuseSecrets(item, isList(old) ? old[index] : undefined)) as unknown as T;
  if (isMap(value)) return mapMap(value, (item, key) => reuseSecrets(item, isMap(old) ? old[key] : undefined)) as T;
  return value;
}

/** Reads a value as the program sent it, or as the state holds it (then `decrypt` is given). */
export function decode(json: unknown, decrypt?: (ciphertext: string) => string): Tracked {
  if (json === unknownText) return unknown;
  if (Array.isArray(json)) return json.map((item) => decode(item, decrypt));
  if (json === null || typeof json !== "object") return json as Value;
  const map = json as { [key: string]: unknown };
  const kind = map[signature];
  if (kind === secretSignature) {
    if (typeof map.ciphertext === "string" && decrypt) {
      const inside: unknown = JSON.parse(decrypt(map.ciphertext));
      const secret = new Secret(decode(inside, inClear), innerNames(inside));
      if (decrypt !== inClear) ciphertexts.set(secret, map.ciphertext);
      return secret;
    }
    if (typeof map.plaintext === "string") return new Secret(decode(JSON.parse(map.plaintext), decrypt));
    return new Secret(decode(map.value ?? null, decrypt));
  }
  if (typeof kind === "string" && refused[kind]) {
    throw new Error(`this engine does not carry ${refused[kind]} in resource properties; the Pulumi CLI does`);
  }
  return mapMap(map, (item) => decode(item, decrypt));
}

/** A secret inside a secret: the CLI encrypts the outer one only and still calls the inner text a ciphertext. */
const inClear = (text: string) => text;

/** The names inside a secret's JSON that are marked secret once more. */
function innerNames(json: unknown): string[] {
  if (json === null || typeof json !== "object") return [];
  const names = Object.entries(json).flatMap(([name, value]) =>
    value?.[signature] === secretSignature ? [name] : innerNames(value),
  );
  return [...new Set(names)];
}

/** Properties whose secrets are encrypted anew, for another key. */
export const forgetCiphertexts = (properties: TrackedProperties): TrackedProperties =>
  mapMap(properties, function forget(value: Tracked): Tracked {
    if (value instanceof Secret) return new Secret(value, value.inner);
    if (isList(value)) return value.map(forget);
    return isMap(value) ? mapMap(value, forget) : value;
  });

/** Reads properties; absent ones are none. */
export const decodeProperties = (json: unknown, decrypt?: (ciphertext: string) => string): TrackedProperties =>
  decode(json ?? {}, decrypt) as TrackedProperties;

/** Writes a value; `secret` says how a secret is written. */
function encode(value: Tracked, secret: (secret: Secret) => Json): Json {
  if (value === unknown) return unknownText;
  if (value instanceof Secret) return secret(value);
  if (isList(value)) return value.map((item) => encode(item, secret));
  return isMap(value) ? mapMap(value, (item) => encode(item, secret)) : (value as Json);
}

/** As the program reads it: secrets in clear inside their mark. */
export const encodeForProgram = (value: Tracked): Json =>
  encode(value, (secret) => ({ [signature]: secretSignature, value: encodePlain(secret.value) }));

/** As the state holds it: secrets encrypted. A secret that did not change keeps its ciphertext. */
export function encodeForState(value: Tracked, encrypt: (text: string) => string): Json {
  return encode(value, (secret) => {
    let ciphertext = ciphertexts.get(secret);
    if (ciphertext === undefined) {
      ciphertext = encrypt(JSON.stringify(encodeInner(secret.value, secret.inner)));
      ciphertexts.set(secret, ciphertext);
    }
    return { [signature]: secretSignature, ciphertext };
  });
}
const ciphertexts = new WeakMap<Secret, string>();

/** The inside of a secret for the state, where the text of an inner secret is in clear. */
function encodeInner(value: Value, names: readonly string[]): Json {
  if (names.length === 0 || !isMap(value)) return encodePlain(value);
  return mapMap(value, (item, key) => {
    const inside = encodeInner(item as Value, names);
    return names.includes(key) ? { [signature]: secretSignature, ciphertext: JSON.stringify(inside) } : inside;
  });
}

/** Without any secret: each is the text `[secret]`. */
export const encodeHidden = (value: Tracked): Json => encode(value, () => "[secret]");

/** In clear, as JSON; unknowns as their text. */
export const encodePlain = (value: Tracked): Json => encode(value, (secret) => encodePlain(secret.value));

/** Whether two values are the same. Unknown differs from everything. Secrets are compared by what they hold. */
export function same(a: Tracked | undefined, b: Tracked | undefined): boolean {
  if (a instanceof Secret) return same(a.value, b);
  if (b instanceof Secret) return same(a, b.value);
  if (a === unknown || b === unknown) return false;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  return a === b;
}
