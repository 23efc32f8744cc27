import { randomBytes, randomInt } from "node:crypto";
import bcrypt from "bcryptjs";
import { type Bridged, bridgedType } from "./bridged.ts";
import type { Failure, Field, Fields } from "./checks.ts";
import type { Provider } from "./provider.ts";
import { hasUnknown, type Properties } from "./value.ts";

// Stands in for the plugin `random`: the same inputs, outputs, defaults and rules of replacement.

const keepers: Field = { type: "object" };
const size: Field = { type: "number", required: true, minimum: 1 };
const flag: Field = { type: "boolean", default: true };
const least: Field = { type: "number", default: 0, minimum: 0 };
const number: Field = { type: "number", required: true };

/** Kinds of characters: their flag, their minimum, and the plugin's own set. */
const kinds = [
  { flag: "upper", least: "minUpper", set: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
  { flag: "lower", least: "minLower", set: "abcdefghijklmnopqrstuvwxyz" },
  { flag: "numeric", least: "minNumeric", set: "0123456789" },
  { flag: "special", least: "minSpecial", set: "!@#$%&*()-_=+[]{}<>:?" },
];

const stringFields: Fields = {
  keepers,
  length: size,
  // The older name of `numeric`; the state holds both.
  number: flag,
  ...Object.fromEntries(kinds.flatMap((kind) => [[kind.flag, flag] as const, [kind.least, least] as const])),
  overrideSpecial: { type: "string" },
};

/** `number` and `numeric` follow each other. */
function complete(inputs: Properties): Properties {
  const digits = inputs.numeric ?? inputs.number ?? true;
  return { ...inputs, numeric: digits, number: digits };
}

function checkString(inputs: Properties): Failure[] {
  if (hasUnknown(inputs)) return [];
  const given = complete(inputs);
  const minima = kinds.reduce((sum, kind) => sum + Number(given[kind.least] ?? 0), 0);
  const short = { property: "length", reason: `is ${String(given.length)}; the minima are ${minima}` };
  const none = { property: "upper", reason: "no kind of character is allowed" };
  return [
    ...(Number(given.length) < minima ? [short] : []),
    ...(kinds.every((kind) => given[kind.flag] === false) ? [none] : []),
  ];
}

/** A list of `count` random characters, each with the same chance. */
const pick = (set: string, count: number): string[] => {
  const runes = [...set];
  return Array.from({ length: count }, () => runes[randomInt(runes.length)] ?? "");
};

/** Shuffles a list, each order with the same chance (Fisher-Yates). */
function shuffle(list: string[]): string[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [list[last], list[other]] = [list[other] ?? "", list[last] ?? ""];
  }
  return list;
}

function newString(inputs: Properties): string {
  const setOf = ({ flag, set }: (typeof kinds)[number]) => (flag === "special" ? String(inputs.overrideSpecial || set) : set);
  const required = kinds.flatMap((kind) => pick(setOf(kind), Number(inputs[kind.least])));
  const any = kinds.map((kind) => (inputs[kind.flag] ? setOf(kind) : "")).join("");
  return shuffle([...required, ...pick(any, Number(inputs.length) - required.length)]).join("");
}

const string = { fields: stringFields, check: checkString, complete } satisfies Partial<Bridged>;

const randomPassword = bridgedType({
  ...string,
  secrets: ["result", "bcryptHash"],
  schemaVersion: 3,
  make: async (inputs) => {
    const result = newString(inputs);
    // The plugin's cost, and bcrypt's limit of 72 bytes.
    const bcryptHash = await bcrypt.hash(Buffer.from(result).subarray(0, 72).toString(), 10);
    return { id: "none", outputs: { id: "none", result, bcryptHash } };
  },
});

/** A resource whose result is its id. */
const plain = (id: string, result: string | number = id) => ({ id, outputs: { id, result } });

const randomString = bridgedType({ ...string, schemaVersion: 2, make: async (inputs) => plain(newString(inputs)) });

const randomBytesType = bridgedType({
  fields: { keepers, length: size },
  secrets: ["base64", "hex"],
  make: async ({ length }) => {
    const value = randomBytes(Number(length));
    // The plugin uses the secret itself as the id, which the state holds in clear text; nothing reads the id.
    return { id: "none", outputs: { base64: value.toString("base64"), hex: value.toString("hex") } };
  },
});

const randomId = bridgedType({
  fields: { keepers, byteLength: size, prefix: { type: "string" } },
  make: async ({ byteLength, prefix = "" }) => {
    const value = randomBytes(Number(byteLength));
    const [id, hex, dec] = [value.toString("base64url"), value.toString("hex"), BigInt(`0x${value.toString("hex")}`)];
    const texts = { b64Url: id, b64Std: value.toString("base64"), hex, dec: String(dec) };
    const prefixed = Object.entries(texts).map(([name, text]) => [name, `${String(prefix)}${text}`]);
    return { id, outputs: { id, ...Object.fromEntries(prefixed) } };
  },
});

const randomInteger = bridgedType({
  fields: { keepers, min: number, max: number },
  check: ({ min, max }) =>
    typeof min === "number" && typeof max === "number" && max < min ? [{ property: "max", reason: "is less than min" }] : [],
  make: async ({ min, max }) => {
    const result = randomInt(Number(min), Number(max) + 1);
    return plain(String(result), result);
  },
});

/** 16 random bytes in the form of a UUID without a version, like the plugin's. */
const newUuid = () =>
  randomBytes(16)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
const randomUuid = bridgedType({ fields: { keepers }, make: async () => plain(newUuid()) });

/** The provider `random`. */
export const provider: Provider = {
  version: "4.21.2",
  types: {
    "random:index/randomPassword:RandomPassword": randomPassword,
    "random:index/randomString:RandomString": randomString,
    "random:index/randomBytes:RandomBytes": randomBytesType,
    "random:index/randomId:RandomId": randomId,
    "random:index/randomInteger:RandomInteger": randomInteger,
    "random:index/randomUuid:RandomUuid": randomUuid,
  },
};
