import { createHash, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { wantedFiles } from "../../artifacts/bundle-plan.ts";
import { cloudImageGroups, knownVersions, resolveVersions } from "../../artifacts/lock.ts";
import { providerOf } from "../../config/provider.ts";
import type { Cluster } from "../../config/schema.ts";
import { type OpensshKey, opensshKey } from "../../keys/openssh.ts";
import { known } from "../../providers/index.ts";
import { scratch } from "./scratch.ts";

// Configs of clusters that no host stands behind.

/** A manifest of a bundle that has everything, with hashes of nothing. */
export function manifestFile(): string {
  const path = join(scratch(), "manifest.json");
  const files = knownVersions().kubernetes.flatMap((kubernetesVersion) => {
    const { versions } = resolveVersions({ kubernetesVersion, versions: {} });
    return (["amd64", "arm64"] as const).flatMap((architecture) =>
      // The oldest version is there as the beginning of an upgrade only; no cloud's part is for it.
      wantedFiles(versions, architecture, "build", kubernetesVersion === "1.34.4" ? [] : cloudImageGroups).map(
        ({ file }) => file,
      ),
    );
  });
  writeFileSync(
    path,
    JSON.stringify({
      files: Object.fromEntries(files.map((file) => [file, { sha256: createHash("sha256").update(file).digest("hex") }])),
    }),
  );
  return path;
}

/** A bare-metal cluster: three hosts of every role and `workers` workers, changed by `edit`. */
export function clusterOf(
  workers: number,
  edit: (cluster: { hosts: Record<string, object> } & Record<string, unknown>) => void = () => {},
): object {
  const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNvbnN0YW50LWtleS1mb3ItdGVzdHMtb25seS0wMDAw";
  const hosts: Record<string, object> = {};
  for (const n of [1, 2, 3]) hosts[`m${n}`] = { address: `10.0.0.1${n}`, roles: ["etcd", "balancer", "control-plane"], hostKey };
  for (let n = 1; n <= workers; n++) {
    const address = `10.0.${1 + Math.floor((n - 1) / 250)}.${1 + ((n - 1) % 250)}`;
    hosts[`w${n}`] = { address, roles: ["worker"], pool: "general", hostKey };
  }
  const cluster = {
    name: "test",
    provider: "baremetal",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.0.0.0/16"],
    api: { domainName: "api.test.internal", address: "10.0.0.10" },
    artifacts: { source: "bundle", manifest: manifestFile() },
    hosts,
    pools: { general: {} },
  };
  edit(cluster);
  return cluster;
}

/** A new private key in OpenSSH's form. */
export const newPrivateKey = (): string => (opensshKey(generateKeyPairSync("ed25519").privateKey) as OpensshKey).privateKey;

/** A config with its defaults, whatever the rules say of it. */
export function clusterFrom(config: unknown): Cluster {
  const data = known.schema.parse(config);
  return { ...data, traits: providerOf(known, data.provider).traits };
}
