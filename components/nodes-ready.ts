import * as pulumi from "@pulumi/pulumi";
import { podNetwork } from "../hosts/cluster.ts";
import { awaitNodes } from "../hosts/tools/join/credential.ts";
import { type ClusterContext, hostsOf } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type HostCommand, onceCommand } from "./host-command.ts";

/**
 * Ends a cluster's birth: waits on one control plane until every Node is Ready, and fails naming those that are not and why. Runs
 * once: later each host's own stage proves this.
 */
export class NodesReady extends pulumi.ComponentResource {
  readonly commands: HostCommand[] = [];

  constructor(
    name: string,
    context: ClusterContext,
    args: { controlPlane: ControlPlane; after: (pulumi.Resource & { readonly commands: readonly HostCommand[] })[] },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("ha-kubernetes:index:NodesReady", name, {}, options);
    const { cluster, infrastructure } = context;
    const planes = hostsOf(infrastructure, "control-plane").filter(({ lost }) => !lost);
    const nodes = [...planes, ...hostsOf(infrastructure, "worker").filter(({ lost }) => !lost)];
    const [first] = planes;
    if (first !== undefined) {
      const after = args.after.flatMap((it): readonly pulumi.Resource[] => (it.commands.length > 0 ? it.commands : [it]));
      const script = awaitNodes(
        nodes.map((host) => host.name),
        podNetwork(cluster),
      );
      const dependsOn = [args.controlPlane, ...after];
      this.commands.push(onceCommand(first, "nodes-ready", script, [], { parent: this, dependsOn }, { open: true }));
    }
    this.registerOutputs({});
  }
}
