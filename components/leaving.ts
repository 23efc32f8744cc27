import * as pulumi from "@pulumi/pulumi";
import { handoverStage } from "../hosts/stages/handover/handover.ts";
import { leavingStage } from "../hosts/stages/leaving/leaving.ts";
import { type ClusterContext, hostsOf } from "./context.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";

/**
 * Marks each control plane as leaving when it is deleted, before anything else is: so it must be made last. Etcd hosts that are no
 * control plane look at the marks once all are set, because those who carry them are gone when etcd's turn comes.
 */
export class Leaving extends pulumi.ComponentResource {
  constructor(
    name: string,
    context: ClusterContext,
    args: { after: (pulumi.Resource & { readonly commands: readonly HostCommand[] })[] },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("ha-kubernetes:index:Leaving", name, {}, options);
    // Their last commands alone, where there are any: those wait for all else of theirs. So this list grows by one with each host.
    const after = args.after.flatMap((it): readonly pulumi.Resource[] => (it.commands.length > 0 ? it.commands : [it]));
    const controlPlanes = hostsOf(context.infrastructure, "control-plane");
    const etcdAlone = hostsOf(context.infrastructure, "etcd").filter((host) => !controlPlanes.includes(host));
    const make = (hosts: typeof controlPlanes, marks: boolean, dependsOn: pulumi.Resource[]): HostCommand[] =>
      hosts.map((host) => {
        const stage = pulumi
          .all([context.owner, host.address])
          .apply(([owner, address]) => leavingStage({ host: { name: host.name, address }, owner, marks }));
        return hostCommand(host, "leaving", stage, { parent: this, dependsOn });
      });
    const looking = make(etcdAlone, false, after);
    make(controlPlanes, true, [...after, ...looking]);
    // Where a machine can be replaced alone: not before the others are well without it.
    for (const host of [...controlPlanes, ...etcdAlone].filter(({ machineId, lost }) => machineId !== undefined && !lost)) {
      const controlPlane = host.roles.includes("control-plane");
      const stage = pulumi
        .all([context.owner, host.address])
        .apply(([owner, address]) => handoverStage({ host: { name: host.name, address }, owner, controlPlane }));
      hostCommand(host, "handover", stage, { parent: this, dependsOn: after });
    }
    this.registerOutputs({});
  }
}
