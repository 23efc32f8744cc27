import type { Infrastructure, ProviderArgs } from "./contract.ts";

/** The hosts that the config's provider gives. A provider that is not used is never loaded. */
export async function createInfrastructure(args: ProviderArgs): Promise<Infrastructure> {
  const given = await givenInfrastructure(args);
  return { ...given, hosts: given.hosts.map((host) => ({ ...host, repair: args.cluster.repair })) };
}

async function givenInfrastructure(args: ProviderArgs): Promise<Infrastructure> {
  switch (args.cluster.provider) {
    case "lab":
      return (await import("./lab/index.ts")).labInfrastructure(args);
    case "baremetal":
      return (await import("./baremetal/index.ts")).bareMetalInfrastructure(args);
    case "aws":
      return (await import("./aws/index.ts")).awsInfrastructure(args);
  }
}
