import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { defaultBundle } from "../artifacts/bundle-manifest.ts";
import { bundleCli } from "./bundled-cli.ts";
import { findCli } from "./cli.ts";

// npm run bundle:cli [-- --output FOLDER]: adds the Pulumi CLI to a bundle. A machine without a network finds it there.

const { values } = parseArgs({ options: { output: { type: "string", default: defaultBundle() } } });
const cli = await findCli(console.error);
const folder = resolve(values.output);
console.error(`bundle ${folder}: has ${await bundleCli(folder, cli)}`);
