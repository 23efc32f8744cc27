import { accessSync, constants } from "node:fs";
import { arch } from "node:os";
import { delimiter, join } from "node:path";
import { defaultBundle, readManifest } from "../../artifacts/bundle-manifest.ts";

// Programs of the machine that runs this program, which render what add-ons are made from.

/**
 * Where a program is: in this machine's bundle, in the given version, else in the newest one there, else on PATH. Undefined if it is
 * in none of them.
 */
export function findProgram(name: string, version: string): string | undefined {
  return inBundle(name, version) ?? onPath(name);
}

function inBundle(name: string, version: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  const end = `-linux-${arch() === "x64" ? "amd64" : arch()}`;
  const folder = defaultBundle();
  const names = Object.keys(readManifest(folder).files).filter((file) => file.startsWith(`${name}-`) && file.endsWith(end));
  const newest = names.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  const chosen = [`${name}-${version}${end}`, newest].find((file) => file !== undefined && names.includes(file));
  return chosen === undefined ? undefined : join(folder, chosen);
}

const onPath = (name: string) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
