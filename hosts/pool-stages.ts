import { createHash } from "node:crypto";
import { renderWithScripts, type Stage } from "./stage.ts";

// A worker that nobody logs in to: its instance fetches the same stages as any other worker's when it starts, and runs them.

/** Placeholders of what only the instance itself knows. Its provider's script fills them in, as it does those of the provider's own id. */
export const instanceOwn = { name: "@NODE_NAME@", address: "@NODE_ADDRESS@", token: "@JOIN_TOKEN@" } as const;

/** A pool's stages as its instances fetch them. Holds no secret: the token comes from elsewhere. */
export interface PoolStages {
  content: string;
  sha256: string;
}

/** The stages in the order in which they run, a line of base64 for each. The same stages give the same bytes. */
export function poolStages(stages: readonly Stage[]): PoolStages {
  const content = stages.map((stage) => `${renderWithScripts(stage).stdin}\n`).join("");
  return { content, sha256: createHash("sha256").update(content).digest("hex") };
}
