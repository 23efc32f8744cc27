import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import lockFile from "../../artifacts/lock.json" with { type: "json" };
import type { OwnLock } from "./published.ts";

// The engine with other hashes: `engine/launch.mjs run test/registry/engine.ts VERB [options]`, only for tests; with verb `lock` it is
// `npm run lock`. The servers of these tests have the layout of the projects' own, but this machine's builds, whose hashes are in the file
// that the environment names. The user's own lock lies beside that file, so that a test touches none of this folder.

const place = process.env.HA_KUBERNETES_TEST_LOCK ?? "";
const own: OwnLock = JSON.parse(readFileSync(place, "utf8"));
const files: Record<string, { sha256: OwnLock["files"][string] }> = lockFile.files;
const images: Record<string, { digests: Record<string, string> }> = lockFile.images;
// Before anything reads it: artifacts/lock.ts imports this very object.
for (const [name, hashes] of Object.entries(own.files)) {
  for (const [version, sha256] of Object.entries(hashes)) Object.assign(files[name]?.sha256 ?? {}, { [version]: sha256 });
}
for (const [name, digests] of Object.entries(own.images)) Object.assign(images[name]?.digests ?? {}, digests);
for (const [name, version] of own.unheardOf) delete files[name]?.sha256[version];

const project = process.cwd();
process.chdir(dirname(place));
if (process.argv[2] === "lock") {
  process.argv.splice(2, 1);
  await import("../../artifacts/lock-command.ts");
} else {
  // It reads the user's lock, once.
  await import("../../artifacts/lock.ts");
  process.chdir(project);
  const { main } = await import("../../engine/front-end.ts");
  process.exitCode = await main(process.argv.slice(2));
}
