import * as pulumi from "@pulumi/pulumi";
import { addonsStage } from "../hosts/stages/addons/addons.ts";
import type { ApiLoadBalancer } from "./api-load-balancer.ts";
import { type ClusterContext, hostsOf } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";

/** What is installed in the cluster once its API answers: every control plane offers, the first to come does it. */
export class Addons extends pulumi.ComponentResource {
  readonly commands: HostCommand[] = [];

  constructor(
    name: string,
    context: ClusterContext,
    args: { controlPlane: ControlPlane; balancer: ApiLoadBalancer; prepared: Record<string, HostCommand> },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("ha-kubernetes:index:Addons", name, {}, options);
    const { born, cluster, infrastructure, owner, versions, movesApi } = context;
    for (const host of hostsOf(infrastructure, "control-plane")) {
      const stage = pulumi.all([owner, host.address]).apply(([owner, address]) =>
        addonsStage({
          host: host.name,
          owner,
          cluster,
          address,
          apiEndpoint: { port: infrastructure.endpoint.port },
          versions,
          providerAddons: infrastructure.addons,
          joinTokens: infrastructure.joinTokens,
        }),
      );
      // After every control plane: kube-proxy must not be newer than an apiserver, and pods are started anew once all of these trust
      // another authority. A cluster that is being born has one version and one authority: its first control plane need not wait. Pods
      // look for the API at its address; a pod that starts takes a copy of its host's /etc/hosts.
      const own = args.controlPlane.commands[host.name];
      const everywhere = movesApi ? [args.balancer, ...Object.values(args.prepared)] : [];
      const after = born || own === undefined ? [args.controlPlane, ...everywhere] : [own, args.balancer];
      this.commands.push(hostCommand(host, "addons", stage, { parent: this, dependsOn: after }));
    }
    this.registerOutputs({});
  }
}
