import { posix } from "node:path";
import type { SFTPWrapper, Stats } from "ssh2";

/** A file to write on a host. */
export interface RemoteFile {
  content: Buffer;
  /** The path, relative to the login's home. Missing folders are created; an existing file is overwritten. */
  path: string;
  /** The file's name, used if `path` is an existing folder. Absent: an existing folder is an error. */
  name?: string;
}

/** SFTP's status for a file that does not exist. */
const noSuchFile = 2;

/** Writes a file in one SFTP session, and ends it. @throws Error if that fails or is interrupted; then part of the file may exist. */
export async function writeRemoteFile(sftp: SFTPWrapper, file: RemoteFile, host: string, signal?: AbortSignal): Promise<void> {
  const interrupt = () => sftp.end();
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    signal?.throwIfAborted();
    await write(sftp, file);
  } catch (error) {
    const reason = signal?.aborted ? "interrupted" : (error as Error).message;
    throw new Error(`cannot write ${file.path} on ${host}: ${reason}`);
  } finally {
    signal?.removeEventListener("abort", interrupt);
    sftp.end();
  }
}

async function write(sftp: SFTPWrapper, { content, path, name }: RemoteFile): Promise<void> {
  const found = await statOf(sftp, path);
  if (found === undefined) await makeFolder(sftp, posix.dirname(path));
  if (found?.isDirectory() && name === undefined) throw new Error("it is a folder, and a text has no file name to use inside it");
  const place = found?.isDirectory() ? posix.join(path, name ?? "") : path;
  await done((end) => sftp.writeFile(place, content, end));
}

/** Undefined if the file does not exist. */
async function statOf(sftp: SFTPWrapper, path: string): Promise<Stats | undefined> {
  try {
    return await done<Stats>((end) => sftp.stat(path, end));
  } catch (error) {
    if ((error as { code?: unknown }).code === noSuchFile) return undefined;
    throw error;
  }
}

/** Creates a folder and its parents. Another session may create the same one at the same time. */
async function makeFolder(sftp: SFTPWrapper, path: string): Promise<void> {
  if (path === "." || path === "/" || (await statOf(sftp, path)) !== undefined) return;
  await makeFolder(sftp, posix.dirname(path));
  try {
    await done((end) => sftp.mkdir(path, end));
  } catch (error) {
    if ((await statOf(sftp, path)) === undefined) throw error;
  }
}

/** A call of ssh2 as a promise. */
function done<T = void>(begin: (end: (error: Error | null | undefined, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
