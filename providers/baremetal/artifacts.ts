import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Cluster } from "../../config/schema.ts";
import type { ArtifactSource } from "../contract.ts";

/** Where a bundle lies on every host, if the config says nothing else. */
const DEFAULT_FOLDER = "/var/cache/ha-kubernetes/bundle";

const manifestSchema = z.object({
  files: z.record(z.string(), z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256, 64 hex digits") })),
});

/** Where hosts take files from, by config. A bundle's manifest is read here and now: it is a small file of this machine. */
export function configuredArtifacts({ source, location, manifest }: Cluster["artifacts"]): ArtifactSource {
  const sha256 = manifest === undefined ? {} : { sha256: readManifest(manifest) };
  switch (source) {
    case "official":
      return { kind: "official", location: "" };
    case "mirror":
      return { kind: "mirror", location: location ?? "", ...sha256 };
    case "bundle":
      return { kind: "bundle", location: location ?? DEFAULT_FOLDER, ...sha256 };
  }
}

/** SHA-256 by file name of a bundle's manifest.json. Throws if the file is missing or is not a manifest. */
export function readManifest(path: string): Record<string, string> {
  const wrong = (why: string) =>
    new Error(`config key ha-kubernetes:cluster.artifacts.manifest: ${path} ${why}; npm run bundle writes one`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw wrong(`can't be read as JSON: ${error instanceof Error ? error.message : error}`);
  }
  const manifest = manifestSchema.safeParse(json);
  if (!manifest.success) throw wrong(`is not a manifest: ${z.prettifyError(manifest.error)}`);
  return Object.fromEntries(Object.entries(manifest.data.files).map(([name, { sha256 }]) => [name, sha256]));
}
