import { bundleManifest, fillBundle } from "./bundle.ts";
import { type Lab, makeHosts } from "./lab-hosts.ts";
import type { ClusterConfig } from "./samples.ts";
import type { Scenario } from "./scenario.ts";
import { threePlusTwo } from "./stack.ts";

/** The same cluster on existing hosts, with a login that has sudo. */
export async function onMetal(name: string): Promise<ClusterConfig> {
  const { lab: _, ...config } = await threePlusTwo(name);
  return { ...config, provider: "baremetal", ssh: { user: "ops" }, artifacts: { source: "bundle", manifest: bundleManifest } };
}

/**
 * Makes the hosts of a bare-metal config, and those of `more`, which join later; where SSH reaches them; tells the stack their keys. Hosts that `machines` names
 * are virtual machines. The bundle gets the images of `locks`, too.
 */
export async function makeMetal(
  { stack, config }: Scenario,
  more: ClusterConfig["hosts"] = {},
  machines: Lab["machines"] = {},
  locks: readonly string[] = [],
): Promise<Lab> {
  await fillBundle(config.kubernetesVersion, locks);
  const all = { ...config.hosts, ...more };
  const addresses = Object.fromEntries(
    Object.entries(all).map(([name, host]) => [name, String(host.sshAddress ?? host.address)]),
  );
  const lab = await makeHosts(config.name, config.nodeCidrs[0] as string, addresses, machines);
  for (const host of Object.values(all)) host.hostKey = lab.hostKey;
  stack.configure(config);
  await stack.secret("sshPrivateKey", lab.privateKey);
  return lab;
}
