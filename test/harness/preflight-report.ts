import { type Result, run } from "./process.ts";
import type { Stack } from "./stack.ts";

const root = new URL("../../", import.meta.url).pathname;

/** `npm run preflight` of a stack. */
export const preflight = (stack: Stack, ...args: string[]): Promise<Result> =>
  run(process.execPath, ["engine/launch.mjs", "run", "check/preflight/run-preflight.ts", "--stack", stack.name, ...args], {
    cwd: root,
    limitSeconds: 300,
    env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase },
  });
