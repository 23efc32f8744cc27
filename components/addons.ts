import * as pulumi from "@pulumi/pulumi";
import { type AddonsStageArgs, addonsStage } from "../hosts/stages/addons/addons.ts";
import type { Host, Infrastructure } from "../providers/contract.ts";
import type { ApiLoadBalancer } from "./api-load-balancer.ts";
import { ClusterPart, hostsOf } from "./cluster-part.ts";
import type { ControlPlane } from "./control-plane.ts";
import { hostCommand } from "./host-command.ts";
import type { HostPreparation } from "./host-preparation.ts";

export interface AddonsArgs {
  /** The cluster's hosts, of which control planes are used. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. */
  cluster: AddonsStageArgs["cluster"];
  /** The API's endpoint. */
  endpoint: { port: number };
  /** Versions of every part; see `resolveVersions`. */
  versions: AddonsStageArgs["versions"];
  /** Add-ons that the provider brings, applied after the others. Default: none. */
  providerAddons?: Infrastructure["addons"];
  /** Where control planes put join tokens for pools that scale. Default: nowhere. */
  joinTokens?: AddonsStageArgs["joinTokens"];
  /** The prepared hosts. While the API moves, add-ons wait for all of them. */
  prepared: HostPreparation;
  /** The control planes, on which the commands run. */
  controlPlane: ControlPlane;
  /** What makes the API answer at its endpoint. */
  balancer: ApiLoadBalancer;
  /** True once an `up` has recorded the cluster; see `readHistory`. Before, a control plane does not wait for the others. */
  born: boolean;
  /** True while the API moves to another name, address or port: then every host comes first. Default: false. */
  movesApi?: boolean;
}

/** The add-ons. Every control plane has the command; the first one to run applies the objects, the others find them applied. */
export class Addons extends ClusterPart {
  constructor(name: string, args: AddonsArgs, options?: pulumi.ComponentResourceOptions) {
    super("Addons", name, "addons", options);
    const { balancer, born, cluster, controlPlane, endpoint, joinTokens, movesApi, prepared } = args;
    const { providerAddons = [], versions } = args;
    for (const host of hostsOf(args.hosts, "control-plane")) {
      const stage = pulumi.all([args.owner, host.address]).apply(([owner, address]) =>
        addonsStage({
          host: host.name,
          owner,
          cluster,
          address,
          apiEndpoint: { port: endpoint.port },
          versions,
          providerAddons,
          joinTokens,
        }),
      );
      // After every control plane: kube-proxy must not be newer than an apiserver, and pods restart once all apiservers trust another
      // authority. At birth all have one version and one authority, so a control plane need not wait for the others. Pods look for the
      // API at its address, and a pod copies its host's /etc/hosts when it starts.
      const own = controlPlane.commands[host.name];
      const everywhere = movesApi ? [balancer, ...Object.values(prepared.commands)] : [];
      const after = born || own === undefined ? [controlPlane, ...everywhere] : [own, balancer];
      this.commands[host.name] = hostCommand(host, "addons", stage, { parent: this, dependsOn: after });
    }
    this.register();
  }
}
