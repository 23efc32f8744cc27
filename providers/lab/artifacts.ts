import { local } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../config/schema.ts";
import type { ArtifactSource } from "../infrastructure.ts";

/** Where hosts see the bundle of this machine, read-only. */
const FOLDER_ON_HOSTS = "/var/cache/ha-kubernetes/bundle";

/**
 * The bundle of this machine, filled by the bundle builder while hosts are made. What is in it already is not made again: a
 * first run takes minutes where everything has to be built, a later one seconds.
 */
export function bundleFromThisMachine(cluster: Cluster, parent: pulumi.Resource): ArtifactSource {
  const versions = Object.entries(cluster.versions).flatMap(([part, version]) =>
    version ? [`--version ${part}=${version}`] : [],
  );
  const bundle = new local.Command(
    "bundle",
    {
      create: [
        "node_modules/.bin/node artifacts/main.ts --hashes",
        `--kubernetes-version ${cluster.kubernetesVersion}`,
        ...versions.sort(),
      ].join(" "),
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
