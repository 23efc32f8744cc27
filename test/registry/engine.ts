import { readFileSync } from "node:fs";
import { lock } from "../../artifacts/lock.ts";
import { main } from "../../engine/front-end.ts";
import type { OwnLock } from "./published.ts";

// The engine with other hashes: `engine/launch.mjs run test/registry/engine.ts VERB [options]`, only for tests. The servers of these
// tests have the layout of the projects' own, but this machine's builds, whose hashes are in the file that the environment names.

const own: OwnLock = JSON.parse(readFileSync(process.env.HA_KUBERNETES_TEST_LOCK ?? "", "utf8"));
for (const [name, sha256] of Object.entries(own.files)) Object.assign(lock.files[name as keyof typeof lock.files].sha256, sha256);
for (const [name, digests] of Object.entries(own.images))
  Object.assign(lock.images[name as keyof typeof lock.images].digests, digests);
process.exitCode = await main(process.argv.slice(2));
