import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { configDocs, stackFileSchema } from "../config/reference.ts";
import { known } from "../providers/index.ts";

// `npm run generate`: writes what is derived from the schema. A unit test asserts that both files are up to date.

/** The generated files, by path from the project's folder. */
export function generated(): Record<string, string> {
  return {
    "config/schema.json": `${JSON.stringify(stackFileSchema(known), undefined, 2)}\n`,
    "docs/config.md": configDocs(known),
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  if (values.help) {
    console.log(`npm run generate: writes ${Object.keys(generated()).join(" and ")} from the schema and the rules of config/`);
    process.exit();
  }
  for (const [path, text] of Object.entries(generated())) {
    await writeFile(new URL(`../${path}`, import.meta.url), text);
    console.log(`wrote ${path}`);
  }
}
