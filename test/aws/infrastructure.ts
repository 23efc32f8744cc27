import { parse } from "yaml";

/** A program that makes what the config's provider gives, and nothing on hosts: those don't run. */
export const infrastructureProgram = (root: string): string => `
import { loadCluster } from "${root}config/load.ts";
import { createInfrastructure } from "${root}providers/infrastructure.ts";

const { cluster, secrets } = loadCluster();
const { hosts: made, endpoint } = await createInfrastructure({ cluster, secrets });
// As components/apiLoadBalancer.ts does once an apiserver answers.
for (const host of made) if (host.roles.includes("control-plane")) endpoint.admit?.(host, {});
export const hosts = Object.fromEntries(made.map(({ name, address, machineId }) => [name, { address, machineId }]));
`;

/** What an example says of a stack, with changes: ids of what exists already. */
export function exampleConfig(text: string, replace: Readonly<Record<string, string>> = {}): Record<string, unknown> {
  const replaced = Object.entries(replace).reduce((so, [from, to]) => so.replaceAll(from, to), text);
  return parse(replaced).config;
}
