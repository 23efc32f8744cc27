import { readdirSync, readFileSync } from "node:fs";
import { local } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { bundleOptions } from "../../addons/bundle-options.ts";
import { digest } from "../../config/digest.ts";
import type { Cluster } from "../../config/schema.ts";
import type { ArtifactSource } from "../contract.ts";

/** Where hosts see the bundle of this machine, read-only. */
const FOLDER_ON_HOSTS = "/var/cache/ha-kubernetes/bundle";

/**
 * The bundle of this machine, filled by the bundle builder while hosts are made. Files that it has already are not built again: a
 * first run takes minutes, a later one seconds.
 */
export function bundleFromThisMachine(cluster: Cluster, path: readonly string[], parent: pulumi.Resource): ArtifactSource {
  const versions = Object.entries(cluster.versions).flatMap(([part, version]) =>
    version ? [`--version ${part}=${version}`] : [],
  );
  const bundle = new local.Command(
    "bundle",
    {
      create: [
        "node_modules/.bin/node artifacts/make-bundle.ts --hashes",
        ...[...path, cluster.kubernetesVersion].map((version) => `--kubernetes-version ${version}`),
        ...versions.sort(),
        ...bundleOptions(cluster),
      ].join(" "),
      environment: { RECIPE: recipeDigest() },
      addPreviousOutputInEnv: false,
    },
    { parent },
  );
  return {
    kind: "bundle",
    location: FOLDER_ON_HOSTS,
    sha256: bundle.stdout.apply((json) => JSON.parse(json) as Record<string, string>),
  };
}

// Another recipe may give other files: then the builder runs again, and hosts hear of it only where a hash differs.
function recipeDigest(): string {
  const folder = new URL("../../artifacts/", import.meta.url);
  const files = readdirSync(folder).filter((file) => /\.(ts|json)$/.test(file));
  return digest(
    files
      .sort()
      .map((file) => readFileSync(new URL(file, folder), "utf8"))
      .join("\0"),
  );
}
