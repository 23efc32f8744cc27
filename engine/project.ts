import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/**
 * The file of a project's program, by Pulumi.yaml. Default: index.ts.
 *
 * @throws Error where the folder has no Pulumi.yaml
 */
export function mainFile(folder: string): string {
  const file = join(folder, "Pulumi.yaml");
  if (!existsSync(file)) throw new Error(`${folder} has no Pulumi.yaml: run this in the project's folder`);
  return parse(readFileSync(file, "utf8")).main ?? "index.ts";
}

/** Whether the folder has this project's program. `pulumi new` gives Pulumi.yaml of a copy another name, but not package.json. */
export function isOwnProject(folder: string): boolean {
  const file = join(folder, "package.json");
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "ha-kubernetes";
}
