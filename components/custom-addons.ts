import * as pulumi from "@pulumi/pulumi";
import { addonObjects } from "../addons/addon.ts";
import { type CustomAddon, renderCustom } from "../addons/custom/render.ts";
import { addonsOf } from "../addons/registry.ts";
import { resolveVersions } from "../artifacts/lock.ts";
import { problemsText } from "../config/problems.ts";
import type { Cluster } from "../config/schema.ts";
import { customAddonsStage } from "../hosts/stages/custom-addons/custom-addons.ts";
import type { Host } from "../providers/contract.ts";
import { ClusterPart, hostsOf, lastCommands } from "./cluster-part.ts";
import { hostCommand } from "./host-command.ts";

/**
 * The add-ons of the user's own with their objects, rendered on this machine. Paths are from the current folder.
 *
 * @throws pulumi.RunError naming every one that can't be rendered or holds an object of somebody else
 */
export async function customAddons(cluster: Cluster): Promise<readonly CustomAddon[]> {
  const { versions } = resolveVersions(cluster);
  const taken = addonsOf(cluster).map(
    (addon) => [addon.name, addonObjects(addon, { cluster, versions, apiUrl: "https://unused" }) ?? []] as const,
  );
  const { addons, problems } = await renderCustom(cluster, new Map(taken));
  if (problems.length > 0)
    throw new pulumi.RunError(problemsText("This stack's config can't be used, and nothing was touched", problems));
  return addons;
}

export interface CustomAddonsArgs {
  /** The cluster's hosts, of which control planes are used. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** What `customAddons` returned. Without any there are no commands, and the part `Addons` takes former ones away. */
  addons: readonly CustomAddon[];
  /** All other parts: these add-ons come last, so that one that fails holds up nothing else. */
  after: readonly ClusterPart[];
}

/** Add-ons of the user's own. Every control plane has the command; the first one to run applies the objects, the others find them applied. */
export class CustomAddons extends ClusterPart {
  constructor(name: string, args: CustomAddonsArgs, options?: pulumi.ComponentResourceOptions) {
    super("CustomAddons", name, "custom-addons", options);
    const { addons } = args;
    const dependsOn = lastCommands(args.after);
    for (const host of addons.length === 0 ? [] : hostsOf(args.hosts, "control-plane")) {
      const stage = pulumi
        .all([args.owner, host.address])
        .apply(([owner, address]) => customAddonsStage({ host: host.name, owner, address, addons }));
      this.commands[host.name] = hostCommand(host, "custom-addons", stage, { parent: this, dependsOn });
    }
    this.register();
  }
}
