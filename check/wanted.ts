import { createHash } from "node:crypto";
import { gunzipSync } from "fflate";
import { parseTar } from "nanotar";
import { TABLES_UNIT } from "../hosts/stages/prepare/firewall/tables.ts";
import { type Becoming, withoutPassword } from "../hosts/sudo.ts";

// What a stage's command, as the state has it, would write to its host.

/** A file that a stage puts in place. */
export interface WantedFile {
  path: string;
  /** Octal, four digits. */
  mode: string;
  /** user:group. */
  owner: string;
  /** SHA-256 of the content, hex. */
  sha256: string;
  content: string;
}

/** What one stage wants of one host. */
export interface WantedStage {
  stage: string;
  host: string;
  /** The owner mark. */
  owner: string;
  versions: Record<string, string>;
  settings: Record<string, string>;
  files: WantedFile[];
  /** Inputs of the script that check looks at, by name. Objects of custom add-ons may be secret. */
  inputs: Record<string, string>;
  /** How the stage becomes root. */
  becoming: Becoming;
  /** What sudo asks for, where it asks. Secret. */
  sudoPassword?: string;
}

/** What check reads of a stage's inputs: the list of artifacts, the sysctls, and the objects of add-ons. */
const readInputs: Readonly<Record<string, RegExp>> = {
  prepare: /^(artifacts|sysctl)$/,
  addons: /^\d\d-.*\.yaml$/,
  "custom-addons": /^\d{3}-(first|rest)$/,
};

/**
 * Reads a command's visible text and its bundle (both as `renderStage` made them). Undefined for a command that does not run a stage.
 *
 * @throws Error where the bundle can't be read
 */
export function readStage(text: string, stdin: string): WantedStage | undefined {
  const [, stage, host, owner] = /^# (\S+) on (\S+) of (\S+)$/m.exec(text.split("\n", 1)[0] ?? "") ?? [];
  if (stage === undefined || host === undefined || owner === undefined) return undefined;
  const pairs = (pattern: RegExp) =>
    Object.fromEntries([...text.matchAll(pattern)].map(([, name = "", value = ""]) => [name, value]));
  const { password, bundle } = withoutPassword(stdin);
  return {
    stage,
    host,
    owner,
    becoming: password !== undefined ? "sudo with a password" : /^exec sudo -n /m.test(text) ? "sudo" : "root",
    sudoPassword: password,
    versions: pairs(/^# version (\S+) (.*)$/gm),
    settings: pairs(/^# setting ([A-Z0-9_]+)=(.*)$/gm),
    ...bundled(bundle, readInputs[stage]),
  };
}

function bundled(stdin: string, isRead: RegExp | undefined): Pick<WantedStage, "files" | "inputs"> {
  // nanotar leaves out an empty file at the very end, and gives one elsewhere no data; it reads the whole buffer behind a view.
  const unpacked = gunzipSync(Buffer.from(stdin, "base64"));
  const padded = new Uint8Array(unpacked.length + 1024);
  padded.set(unpacked);
  const entries = new Map(parseTar(padded).map(({ name, data }) => [name, data ?? new Uint8Array()]));
  const manifest = entries.get("manifest");
  if (manifest === undefined) throw new Error("a bundle in the state holds no manifest");
  const lines = Buffer.from(manifest).toString().split("\n").filter(Boolean);
  const files = lines.map((line) => {
    const [, mode = "", owner = "", index, path = ""] = /^(\S+) (\S+) (\d+) (.*)$/.exec(line) ?? [];
    const content = entries.get(`files/${index}`) ?? new Uint8Array();
    const sha256 = createHash("sha256").update(content).digest("hex");
    return { path, mode, owner, sha256, content: Buffer.from(content).toString() };
  });
  const inputs = [...entries]
    .filter(([name]) => name.startsWith("inputs/") && isRead?.test(name.slice("inputs/".length)))
    .map(([name, data]) => [name.slice("inputs/".length), Buffer.from(data).toString()]);
  return { files, inputs: Object.fromEntries(inputs) };
}

/** The units that a host's stages make or change, without instances. */
export function wantedUnits({ files, settings }: { files: readonly WantedFile[]; settings: Record<string, string> }): string[] {
  return [...unitsOf(files), ...(settings.TABLES ? [TABLES_UNIT] : [])].sort();
}

/** The units that these files make or change, without instances. */
export function unitsOf(files: readonly WantedFile[]): string[] {
  const names = files.flatMap(
    ({ path }) => /^\/etc\/systemd\/system\/([^/@]+\.(?:service|socket|timer))(?:\.d\/|$)/.exec(path)?.[1] ?? [],
  );
  return [...new Set(names)].sort();
}
