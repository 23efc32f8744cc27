import * as pulumi from "@pulumi/pulumi";
import { handoverStage } from "../hosts/stages/handover/handover.ts";
import { leavingStage } from "../hosts/stages/leaving/leaving.ts";
import type { Host } from "../providers/contract.ts";
import { ClusterPart, hostsOf, lastCommands } from "./cluster-part.ts";
import { hostCommand } from "./host-command.ts";

export interface LeavingArgs {
  /** The cluster's hosts, of which control planes and those of role etcd are used. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** All other parts that must still be there when control planes are marked. */
  after: readonly ClusterPart[];
}

/**
 * Marks each control plane as leaving when it is deleted, before anything else is deleted: so create this last. Etcd hosts that are
 * not control planes look at the marks once all are set, because control planes are gone when etcd's turn comes.
 */
export class Leaving extends ClusterPart {
  constructor(name: string, args: LeavingArgs, options?: pulumi.ComponentResourceOptions) {
    super("Leaving", name, "leaving", options);
    // Only the last commands of each part, which wait for its others. So this list grows by one with each host.
    const after = lastCommands(args.after);
    const controlPlanes = hostsOf(args.hosts, "control-plane");
    const etcdAlone = hostsOf(args.hosts, "etcd").filter((host) => !controlPlanes.includes(host));
    const make = (hosts: readonly Host[], marks: boolean, dependsOn: pulumi.Resource[]) => {
      for (const host of hosts) {
        const stage = pulumi
          .all([args.owner, host.address])
          .apply(([owner, address]) => leavingStage({ host: { name: host.name, address }, owner, marks }));
        this.commands[host.name] = hostCommand(host, "leaving", stage, { parent: this, dependsOn });
      }
    };
    make(etcdAlone, false, after);
    make(controlPlanes, true, [...after, ...Object.values(this.commands)]);
    // Where a machine can be replaced alone: not before the others are well without it.
    for (const host of [...controlPlanes, ...etcdAlone].filter(({ machineId, lost }) => machineId !== undefined && !lost)) {
      const controlPlane = host.roles.includes("control-plane");
      const stage = pulumi
        .all([args.owner, host.address])
        .apply(([owner, address]) => handoverStage({ host: { name: host.name, address }, owner, controlPlane }));
      hostCommand(host, "handover", stage, { parent: this, dependsOn: after });
    }
    this.register();
  }
}
