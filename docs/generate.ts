import { writeFile } from "node:fs/promises";
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
  for (const [path, text] of Object.entries(generated())) {
    await writeFile(new URL(`../${path}`, import.meta.url), text);
    console.log(`wrote ${path}`);
  }
}
