import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { LabKeys } from "./connection.ts";

export interface LabArgs {
  /** The cluster's name: part of the name of everything on this machine. */
  cluster: string;
  /** The bridge's range, or one of each family with a comma between; the first address is the machine's own. */
  subnet: string;
}

/**
 * The lab on this machine: its network and its hosts. All texts name the scripts relative to the project, and hold no more than
 * the one host's own settings, so another host changes nothing here.
 */
export class Lab extends pulumi.ComponentResource {
  /** The prepared machine with the host image and the network. Deleting it removes every host too. */
  readonly network: local.Command;
  private readonly cluster: string;

  constructor(name: string, { cluster, subnet }: LabArgs, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:providers:Lab", name, {}, options);
    this.cluster = cluster;
    this.network = this.run("lab", {
      create: `bash lab/network.sh create ${cluster} ${subnet}`,
      delete: `bash lab/network.sh delete ${cluster}`,
    });
    this.registerOutputs();
  }

  /** Makes a host, named `host-<name>`; two addresses are parted by a comma. Another address or incarnation is another container: the old one is removed with all it holds. */
  createHost(name: string, { addresses, incarnation }: { addresses: string; incarnation: number }, keys: LabKeys): local.Command {
    return this.run(
      `host-${name}`,
      {
        create: `bash lab/host.sh create ${this.cluster} ${name} ${addresses}`,
        delete: `bash lab/host.sh delete ${this.cluster} ${name}`,
        stdin: keys.planted,
        triggers: [addresses, incarnation],
      },
      // Only one container can have the name. With the network go all hosts at once.
      { dependsOn: this.network, deletedWith: this.network, deleteBeforeReplace: true },
    );
  }

  private run(name: string, args: local.CommandArgs, options: pulumi.CustomResourceOptions = {}): local.Command {
    return new local.Command(name, { addPreviousOutputInEnv: false, ...args }, { parent: this, ...options });
  }
}
