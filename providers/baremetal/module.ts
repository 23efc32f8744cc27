import type { ProviderModule } from "../contract.ts";

/** Hosts that exist already, as the config lists them. */
export const baremetal: ProviderModule = {
  name: "baremetal",
  gives: "takes hosts that exist",
  traits: {
    createsHosts: false,
    givesAddresses: false,
    ownsDevices: false,
    ownsNetwork: false,
    ownsEndpoint: false,
    scalesPools: false,
    ownsBackupBucket: false,
    makesArtifacts: false,
  },
  create: async (args) => (await import("./index.ts")).bareMetalInfrastructure(args),
};
