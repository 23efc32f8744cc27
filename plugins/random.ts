import { randomBytes, randomInt } from "node:crypto";
import bcrypt from "bcryptjs";
import { bridgedType } from "./bridged.ts";
import type { Failure, Fields } from "./checks.ts";
import type { Provider, ResourceType } from "./provider.ts";
import { hasUnknown, type Properties } from "./value.ts";

// Stands in for the plugin `random`: the same inputs, outputs, defaults and rules of replacement.

const keepers: Fields = { keepers: { type: "object" } };

const characters = {
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  lower: "abcdefghijklmnopqrstuvwxyz",
  numeric: "0123456789",
  // The plugin's own set.
  special: "!@#$%&*()-_=+[]{}<>:?",
};

const flag = { type: "boolean", default: true } as const;
const least = { type: "number", default: 0, minimum: 0 } as const;

const stringFields: Fields = {
  ...keepers,
  length: { type: "number", required: true, minimum: 1 },
  upper: flag,
  lower: flag,
  // `number` is the older name of `numeric`; the state holds both.
  numeric: flag,
  number: flag,
  special: flag,
  minUpper: least,
  minLower: least,
  minNumeric: least,
  minSpecial: least,
  overrideSpecial: { type: "string" },
};

const minimaOf = ({ minUpper, minLower, minNumeric, minSpecial }: Properties): number =>
  [minUpper, minLower, minNumeric, minSpecial].reduce<number>((sum, minimum) => sum + Number(minimum ?? 0), 0);

function checkString(inputs: Properties): Failure[] {
  if (hasUnknown(inputs)) return [];
  const failures: Failure[] = [];
  const minima = minimaOf(inputs);
  if (Number(inputs.length) < minima)
    failures.push({ property: "length", reason: `is ${String(inputs.length)}; the minima are ${minima}` });
  const { upper = true, lower = true, special = true, numeric = inputs.number ?? true } = inputs;
  if (!upper && !lower && !special && !numeric) failures.push({ property: "upper", reason: "no kind of character is left" });
  return failures;
}

/** A list of `count` characters, each with the same chance. */
const pick = (set: string, count: number): string[] => {
  const runes = [...set];
  return Array.from({ length: count }, () => runes[randomInt(runes.length)] ?? "");
};

/** Puts a list into a random order, each order with the same chance (Fisher-Yates). */
function shuffle(list: string[]): string[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [list[last], list[other]] = [list[other] ?? "", list[last] ?? ""];
  }
  return list;
}

function newString(inputs: Properties): string {
  const special = (inputs.overrideSpecial as string | undefined) || characters.special;
  const kinds = [
    { set: characters.upper, on: inputs.upper, minimum: inputs.minUpper },
    { set: characters.lower, on: inputs.lower, minimum: inputs.minLower },
    { set: characters.numeric, on: inputs.numeric, minimum: inputs.minNumeric },
    { set: special, on: inputs.special, minimum: inputs.minSpecial },
  ];
  const any = kinds.map(({ set, on }) => (on ? set : "")).join("");
  const required = kinds.flatMap(({ set, minimum }) => pick(set, Number(minimum)));
  return shuffle([...required, ...pick(any, Number(inputs.length) - required.length)]).join("");
}

/** `number` and `numeric` follow each other. */
function complete(inputs: Properties): Properties {
  const digits = inputs.numeric ?? inputs.number ?? true;
  return { ...inputs, numeric: digits, number: digits };
}

const password = bridgedType({
  fields: stringFields,
  secrets: ["result", "bcryptHash"],
  schemaVersion: 3,
  check: checkString,
  complete,
  make: async (inputs) => {
    const result = newString(inputs);
    // The plugin's cost, and bcrypt's limit of 72 bytes.
    const bcryptHash = await bcrypt.hash(Buffer.from(result).subarray(0, 72).toString(), 10);
    return { id: "none", outputs: { id: "none", result, bcryptHash } };
  },
});

const string = bridgedType({
  fields: stringFields,
  schemaVersion: 2,
  check: checkString,
  complete,
  make: async (inputs) => {
    const result = newString(inputs);
    return { id: result, outputs: { id: result, result } };
  },
});

const bytes = bridgedType({
  fields: { ...keepers, length: { type: "number", required: true, minimum: 1 } },
  secrets: ["base64", "hex"],
  make: async ({ length }) => {
    const value = randomBytes(Number(length));
    // The plugin takes the secret itself for the id, which the state holds in clear; nothing reads it.
    return { id: "none", outputs: { base64: value.toString("base64"), hex: value.toString("hex") } };
  },
});

const id = bridgedType({
  fields: { ...keepers, byteLength: { type: "number", required: true, minimum: 1 }, prefix: { type: "string" } },
  make: async ({ byteLength, prefix = "" }) => {
    const value = randomBytes(Number(byteLength));
    const b64Url = value.toString("base64url");
    const text = String(prefix);
    return {
      id: b64Url,
      outputs: {
        id: b64Url,
        b64Url: text + b64Url,
        b64Std: text + value.toString("base64"),
        hex: text + value.toString("hex"),
        dec: text + BigInt(`0x${value.toString("hex")}`).toString(),
      },
    };
  },
});

const integer = bridgedType({
  fields: { ...keepers, min: { type: "number", required: true }, max: { type: "number", required: true } },
  check: ({ min, max }) =>
    typeof min === "number" && typeof max === "number" && max < min ? [{ property: "max", reason: "is less than min" }] : [],
  make: async ({ min, max }) => {
    const result = randomInt(Number(min), Number(max) + 1);
    return { id: String(result), outputs: { id: String(result), result } };
  },
});

const uuid = bridgedType({
  fields: keepers,
  make: async () => {
    // 16 random bytes in a UUID's form without a version, as the plugin has it.
    const result = randomBytes(16)
      .toString("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    return { id: result, outputs: { id: result, result } };
  },
});

/** The provider `random`. */
export const provider: Provider = {
  version: "4.21.2",
  types: {
    "random:index/randomPassword:RandomPassword": password,
    "random:index/randomString:RandomString": string,
    "random:index/randomBytes:RandomBytes": bytes,
    "random:index/randomId:RandomId": id,
    "random:index/randomInteger:RandomInteger": integer,
    "random:index/randomUuid:RandomUuid": uuid,
  } satisfies Record<string, ResourceType>,
};
