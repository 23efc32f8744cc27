import { isIP } from "node:net";
import { gunzipSync } from "fflate";
import { parseTar } from "nanotar";

// Every secret of a stack's state, in clear text: a test needs it to search where it must not be.

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** A secret of a state and its place, such as `statistics.outputs.result`. */
export interface Opened {
  where: string;
  value: unknown;
}

/** A resource of a state. */
export interface Resource {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** A state's resources with every secret in clear text, and the secrets alone. */
export interface Export {
  resources: Resource[];
  secrets: Opened[];
}

/** Reads what `stack export --show-secrets` printed. */
export function opened({ deployment }: { deployment: { resources?: Resource[] } }): Export {
  const secrets: Opened[] = [];
  const open = (value: unknown, where: string): unknown => {
    if (isSecret(value)) {
      const clear = open(JSON.parse(value.plaintext), where);
      secrets.push({ where, value: clear });
      return clear;
    }
    if (Array.isArray(value)) return value.map((inner, index) => open(inner, `${where}[${index}]`));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, open(inner, `${where}.${name}`)]));
  };
  const resources = deployment.resources ?? [];
  return { resources: resources.map((resource) => open(resource, resource.urn.split("::").pop() ?? "") as Resource), secrets };
}

function isSecret(value: unknown): value is { plaintext: string } {
  return typeof value === "object" && value !== null && (value as Record<string, unknown>)[signature] === secretSignature;
}

function walk(value: unknown, visit: (value: unknown) => void): void {
  visit(value);
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) walk(inner, visit);
}

/** A secret and how to recognize it. */
export interface Secret {
  what: string;
  /** Any of these in a text means the secret is in it. */
  needles: string[];
}

/**
 * The secrets themselves: each private key, and each short secret text such as a password or a token. Of the bundles that travel
 * to hosts, the private keys in them, and a piece of the bundle as a whole.
 */
export function secretsOf(opened: readonly Opened[]): Secret[] {
  const secrets = new Map<string, Secret>();
  for (const { where, value } of opened) {
    const add: Add = (what, ...needles) => secrets.set(needles.join(), { what: `${what} (${where})`, needles });
    const text = (clear: string) => {
      for (const [key] of clear.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END/g)) addKey(key, add);
      if (!clear.includes("-----BEGIN")) addText(clear, add, text);
    };
    walk(value, (inner) => typeof inner === "string" && text(inner));
  }
  return [...secrets.values()];
}

type Add = (what: string, ...needles: string[]) => void;

// The middle of a key: its beginning is the same for all keys of a kind. Also as base64 of the whole file, as in kubeconfigs.
function addKey(pem: string, add: Add): void {
  const lines = pem.split("\n").slice(1, -1);
  const body = lines.join("");
  const middle = lines[Math.floor(lines.length / 2)]?.trim() ?? "";
  const whole = [0, 1, 2].map((shift) =>
    Buffer.from(pem.slice(60 + shift, 60 + shift + 48))
      .toString("base64")
      .slice(0, 60),
  );
  add(`private key ${body.length} letters long`, middle, ...whole);
}

function addText(value: string, add: Add, text: (value: string) => void): void {
  const isBundle = value.startsWith("H4sI") && value.length > 400;
  if (isBundle) {
    add(`bundle of ${value.length} letters`, value.slice(200, 280));
    for (const { data } of parseTar(gunzipSync(Buffer.from(value, "base64")))) {
      const content = Buffer.from(data ?? []).toString();
      if (content.includes("PRIVATE KEY")) text(content);
    }
  } else if (value.length >= 12 && !/\s/.test(value) && value !== secretSignature && isIP(value) === 0) {
    // Without the mark of a nested secret, and without the addresses in connections, which are secret as a whole.
    add(`text of ${value.length} letters`, value);
  }
}

/** The secrets that a text holds, named without showing them. */
export const heldBy = (text: string, secrets: readonly Secret[]): string[] =>
  secrets.filter(({ needles }) => needles.some((needle) => needle.length >= 12 && text.includes(needle))).map(({ what }) => what);
