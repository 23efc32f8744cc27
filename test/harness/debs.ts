import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./process.ts";
import { scratch } from "./scratch.ts";

/** Builds empty packages of Debian into a folder: `tool`, which needs `library`. Its version has an epoch, which apt writes as %3a. */
export async function buildDebs(folder: string): Promise<void> {
  const packages = {
    "library_1.0_all.deb": ["Package: library", "Version: 1.0"],
    "tool_1%3a2.0_all.deb": ["Package: tool", "Version: 1:2.0", "Depends: library (>= 1.0)"],
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, fields] of Object.entries(packages)) {
    const tree = scratch();
    mkdirSync(join(tree, "DEBIAN"), { mode: 0o755 });
    const control = [...fields, "Architecture: all", "Maintainer: test <test@example.com>", "Description: for a test"];
    writeFileSync(join(tree, "DEBIAN/control"), `${control.join("\n")}\n`);
    await must("dpkg-deb", ["--build", "--root-owner-group", tree, join(folder, name)]);
  }
}
