import type { Crypter } from "./crypto.ts";
import { type Project, readProject, StackFile } from "./project.ts";
import { Keyring } from "./secrets.ts";
import { forgetTexts, type Snapshot } from "./state.ts";
import { readCheckpoint, type StackFiles, stackFiles } from "./store.ts";

/** The CLI version in whose form the state is written: that of the SDK. */
export const stateVersion = "3.270.0";

/** A stack with its config and its last state, opened. */
export interface Stack {
  name: string;
  project: Project;
  files: StackFiles;
  file: StackFile;
  keyring: Keyring;
  /** Undefined where `up` never ran. */
  last: Snapshot | undefined;
  /** Encrypts what is written from now on. */
  crypter: () => Promise<Crypter>;
}

/** Opens a stack. @throws Error when its state or its secrets can't be read. */
export async function openStack(folder: string, name: string): Promise<Stack> {
  const project = readProject(folder);
  const files = stackFiles(project.backend, project.name, name);
  const file = new StackFile(project, name);
  const keyring = new Keyring(folder, name);
  const checkpoint = await readCheckpoint(files);
  const opener = checkpoint?.salt === undefined ? undefined : await keyring.key(checkpoint.salt);
  const read = checkpoint?.read((text) => {
    if (opener === undefined) throw new Error("the state holds encrypted values but no salt");
    return opener.decrypt(text);
  });
  // The stack's file is stronger, as with the CLI: then the state is encrypted anew with its key.
  const other = file.salt !== undefined && file.salt !== checkpoint?.salt;
  return {
    name,
    project,
    files,
    file,
    keyring,
    last: read && other ? forgetTexts(read) : read,
    crypter: async () => (other ? keyring.key(file.salt) : (opener ?? keyring.key(undefined))),
  };
}
