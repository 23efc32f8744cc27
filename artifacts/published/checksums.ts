import { basename } from "node:path";
import { get, type Reach } from "./https.ts";

// SHA-256 of release files, as their projects publish them beside the files.

/** The result of a look-up: a hash, or why there is none. */
export interface Found {
  hash?: string;
  /** Where it was looked for. */
  url: string;
  /** Why it is unknown, or something to know about it. */
  note?: string;
}

/** The hash of `file` in a text of lines with a hash and a name, signed or not, or of one hash alone. */
export function hashOf(text: string, file: string): string | undefined {
  const lines = text.split(/\r?\n/).map((line) => /^([0-9a-f]{64})[ \t]+\*?(\S+)$/i.exec(line.trim()));
  const line = lines.find((match) => match !== null && basename(match[2] as string) === file);
  const alone = /^\s*([0-9a-f]{64})\s*$/i.exec(text);
  return (line ?? alone)?.[1]?.toLowerCase();
}

/** Reads the published SHA-256 of the file at `url` from `checksums`. Throws where the server can't be asked. */
export async function publishedSha256(url: string, checksums: string, reach: Reach = {}): Promise<Found> {
  const { status, body } = await get(checksums, {}, reach);
  if (status === 404 || status === 410) return { url: checksums, note: `nothing is published there (HTTP status ${status})` };
  if (status !== 200) throw new Error(`${checksums} answers with HTTP status ${status}`);
  const hash = hashOf(body.toString("utf8"), basename(new URL(url).pathname));
  return hash === undefined ? { url: checksums, note: `holds no SHA-256 of ${basename(url)}` } : { url: checksums, hash };
}
