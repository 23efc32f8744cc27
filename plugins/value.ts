// Values of resources' properties, as Pulumi's protocol carries them, in clear text.

/** Stands for a value that a preview can't know yet: the protocol's own text for it. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The key that gives a map a special meaning; its values that matter here follow. */
export const signature = "4dabf18193072939515e22adb298388d";
/** See {@link signature}: a secret around its `value`. */
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
/** See {@link signature}: an asset, with its `hash` and a `path` or a `text`. */
export const assetSignature = "c44067f5952c0a294b673a41bacd8c17";

/** A property's value. `undefined` never appears: an absent property has no key. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };
/** The inputs or outputs of a resource. */
export type Properties = { readonly [key: string]: Value };

/** Whether a value is a mapping. */
export const isObject = (value: Value | undefined): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a value is `unknown` or holds one. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === unknown) return true;
  return value !== null && typeof value === "object" && Object.values(value).some(hasUnknown);
}

/** Whether a value is known and did not change. Assets are compared by hash, not by path. */
export function unchanged(before: Value | undefined, now: Value | undefined): boolean {
  if (hasUnknown(now)) return false;
  if (Array.isArray(before) && Array.isArray(now)) {
    return before.length === now.length && before.every((value, index) => unchanged(value, now[index]));
  }
  if (!isObject(before) || !isObject(now)) return before === now;
  if (before[signature] === assetSignature && now[signature] === assetSignature) return before.hash === now.hash;
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].every((name) => unchanged(before[name], now[name]));
}

/** The top-level properties that differ, except for the engine's own. */
export function changedNames(before: Properties, now: Properties): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => !name.startsWith("__") && !unchanged(before[name], now[name]));
}

/** Marks properties as secret, by their names; a name inside a mapping as `outer.inner`. */
export function markSecrets(properties: Properties, secrets: readonly string[], path = ""): Properties {
  if (secrets.length === 0) return properties;
  const marked = Object.entries(properties).map(([name, value]): [string, Value] => {
    const inside = isObject(value) ? markSecrets(value, secrets, `${path}${name}.`) : value;
    return [name, secrets.includes(path + name) ? { [signature]: secretSignature, value: inside } : inside];
  });
  return Object.fromEntries(marked);
}
