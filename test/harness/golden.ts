import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../golden/", import.meta.url);

/** Compares `text` with test/golden/<name>. With HA_KUBERNETES_GOLDEN=renew it writes the file instead: read the diff before you commit it. */
export function golden(name: string, text: string): void {
  const file = new URL(name, folder);
  if (process.env.HA_KUBERNETES_GOLDEN === "renew") {
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(
    text,
    existsSync(file) ? readFileSync(file, "utf8") : "",
    `test/golden/${name} differs: HA_KUBERNETES_GOLDEN=renew renews it`,
  );
}
