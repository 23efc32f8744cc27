import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { defaultBundle } from "../artifacts/bundle-manifest.ts";
import { bundleCli } from "./bundled-cli.ts";
import { findCli } from "./cli.ts";

// Adds the Pulumi CLI to a bundle. A machine without a network finds it there.

const HELP = `npm run bundle:cli [-- --output FOLDER]

Adds the Pulumi CLI of this machine to a bundle, for a machine without a network.

  --output FOLDER  the bundle; default ${defaultBundle()}
  --help
`;

async function main(): Promise<void> {
  const options = { output: { type: "string", default: defaultBundle() }, help: { type: "boolean", default: false } } as const;
  const { values } = parseArgs({ options });
  if (values.help) return void process.stdout.write(HELP);
  if (values.output === "") throw new Error('--output "": the folder of the bundle');
  const cli = await findCli(console.error);
  const folder = resolve(values.output);
  console.error(`bundle ${folder}: has ${await bundleCli(folder, cli)}`);
}

try {
  await main();
} catch (error) {
  console.error(`ERROR: ${(error as Error).message}`);
  process.exitCode = 1;
}
