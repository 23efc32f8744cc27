import { copyFile, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Crypter } from "./crypto.ts";
import { type Checkpoint, checkpointText, parseCheckpoint, type Snapshot } from "./state.ts";

// Where the state lies: the folder of a `file://` backend, laid out as the Pulumi CLI does.

/** The files of a stack below the backend's folder. */
export interface StackFiles {
  meta: string;
  state: string;
  locks: string;
}

/** The paths of a stack's files. `backend` is the folder of the `file://` URL. */
export function stackFiles(backend: string, project: string, stack: string): StackFiles {
  const root = join(backend, ".pulumi");
  return {
    meta: join(root, "meta.yaml"),
    state: join(root, "stacks", project, `${stack}.json`),
    locks: join(root, "locks", "organization", project, stack),
  };
}

/** Reads a stack's checkpoint; undefined where there is none. */
export async function readCheckpoint(files: StackFiles): Promise<Checkpoint | undefined> {
  const text = await readIfThere(files.state);
  if (text === undefined) {
    for (const packed of [".gz", ".zst"]) {
      if ((await readIfThere(files.state + packed)) === undefined) continue;
      throw new Error(
        `the state ${files.state}${packed} is packed, which this engine does not read; use the Pulumi CLI for this stack`,
      );
    }
    return undefined;
  }
  try {
    return parseCheckpoint(text);
  } catch (error) {
    throw new Error(`the state ${files.state} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a stack's checkpoint whenever it is asked to: whole, atomically, and once for all who ask while it writes. */
export class Store {
  readonly #files: StackFiles;
  readonly #text: () => string;
  #written: string | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #prepared = false;

  /** `snapshot` is called when a write begins; `version` is the CLI whose form is written. */
  constructor(files: StackFiles, stack: string, version: string, crypter: Crypter, snapshot: () => Snapshot) {
    this.#files = files;
    this.#text = () => checkpointText(stack, version, snapshot(), crypter);
  }

  /** Done when a write that began after this call is on the disk. */
  save(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    // Also gives everyone of this turn of the event loop the time to join.
    await running?.catch(() => undefined);
    await new Promise(setImmediate);
    this.#running = this.#write();
    this.#next = undefined;
    await this.#running;
  }

  async #write(): Promise<void> {
    const { state, meta } = this.#files;
    if (!this.#prepared) {
      await mkdir(dirname(state), { recursive: true });
      if ((await readIfThere(meta)) === undefined) await replaceFile(meta, "version: 1\n");
      // What the CLI leaves beside the state: one backup, and a checksum that would no longer hold.
      if ((await readIfThere(state)) !== undefined) await copyFile(state, `${state}.bak`);
      await rm(`${state}.attrs`, { force: true });
      await rm(`${state}.bak.attrs`, { force: true });
      this.#prepared = true;
    }
    const text = this.#text();
    if (text === this.#written) return;
    await replaceFile(state, text);
    this.#written = text;
  }
}

/** Puts a file in place whole: after a crash it holds the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`;
  const file = await open(unfinished, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
