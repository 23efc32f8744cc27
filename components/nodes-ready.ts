import type * as pulumi from "@pulumi/pulumi";
import { joinsAsWorker } from "../config/roles.ts";
import { podNetwork } from "../hosts/cluster.ts";
import { awaitNodes } from "../hosts/tools/join/credential.ts";
import type { Host } from "../providers/contract.ts";
import { ClusterPart, hostsOf, lastCommands } from "./cluster-part.ts";
import type { ControlPlane } from "./control-plane.ts";
import { onceCommand } from "./host-command.ts";

export interface NodesReadyArgs {
  /** The cluster's hosts, of which workers are used. */
  hosts: readonly Host[];
  /** The cluster's config: without a pod network of ours, Nodes become Ready only once yours is installed. */
  cluster: Parameters<typeof podNetwork>[0];
  /** The control planes, on one of which the wait runs. Their Nodes must be Ready, too. */
  controlPlane: ControlPlane;
  /** The other parts that make Nodes Ready. */
  after: readonly ClusterPart[];
}

/**
 * The end of a cluster's birth: waits on one control plane until every Node is Ready, and fails with the names of those that are not
 * and the reasons. Runs once. Later each host's own stage proves this.
 */
export class NodesReady extends ClusterPart {
  constructor(name: string, args: NodesReadyArgs, options?: pulumi.ComponentResourceOptions) {
    super("NodesReady", name, "nodes", options);
    const { hosts: planes } = args.controlPlane;
    const workers = hostsOf(args.hosts, "worker").filter(({ lost, roles }) => !lost && joinsAsWorker(roles));
    const [first] = planes;
    if (first !== undefined) {
      const script = awaitNodes(
        [...planes, ...workers].map((host) => host.name),
        podNetwork(args.cluster),
      );
      const dependsOn = [args.controlPlane, ...lastCommands(args.after)];
      this.commands[first.name] = onceCommand(first, "nodes-ready", script, [], { parent: this, dependsOn }, { open: true });
    }
    this.register();
  }
}
