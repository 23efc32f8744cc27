import * as pulumi from "@pulumi/pulumi";
import { leavingStage } from "../hosts/leaving/leaving.ts";
import { type ClusterContext, hostsOf } from "./context.ts";
import { hostCommand } from "./host.ts";

/** Marks each control plane as leaving when it is deleted, before anything else is: so it must be made last. */
export class Leaving extends pulumi.ComponentResource {
  constructor(
    name: string,
    context: ClusterContext,
    args: { after: pulumi.Resource[] },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("ha-kubernetes:index:Leaving", name, {}, options);
    for (const host of hostsOf(context.infrastructure, "control-plane")) {
      const stage = pulumi
        .all([context.owner, host.address])
        .apply(([owner, address]) => leavingStage({ host: { name: host.name, address }, owner }));
      hostCommand(host, "leaving", stage, { parent: this, dependsOn: args.after });
    }
    this.registerOutputs({});
  }
}
