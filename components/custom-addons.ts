import * as pulumi from "@pulumi/pulumi";
import { addonObjects, imageReferences } from "../addons/addon.ts";
import { type CustomAddon, renderCustom } from "../addons/custom/render.ts";
import { addonsOf, everyAddonOf } from "../addons/registry.ts";
import { renderSet } from "../addons/set/render.ts";
import { withCertificate } from "../addons/set/serving.ts";
import { resolveVersions, type Versions } from "../artifacts/lock.ts";
import { problemsText } from "../config/problems.ts";
import type { Cluster } from "../config/schema.ts";
import { originOf } from "../config/versions.ts";
import { customAddonsStage } from "../hosts/stages/custom-addons/custom-addons.ts";
import type { Host } from "../providers/contract.ts";
import { ClusterPart, hostsOf, lastCommands } from "./cluster-part.ts";
import type { ClusterPki } from "./cluster-pki.ts";
import { hostCommand } from "./host-command.ts";

/**
 * What the last stage installs, rendered on this machine: the add-ons of the set that the config turns on, then the user's own. Paths are
 * from the current folder.
 *
 * @throws pulumi.RunError naming every one that can't be rendered or holds an object of somebody else
 */
export async function customAddons(cluster: Cluster): Promise<readonly CustomAddon[]> {
  const { versions } = resolveVersions(cluster);
  const set = await renderSet(cluster, versions);
  const taken = [
    ...addonsOf(cluster).map(
      (addon) => [addon.name, addonObjects(addon, { cluster, versions, apiUrl: "https://unused" }) ?? []] as const,
    ),
    ...set.addons.map(({ name, objects }) => [name, objects] as const),
  ];
  const custom = await renderCustom(
    cluster,
    new Map(taken),
    originOf(cluster) === "built" ? imagesOnNodes(cluster, versions) : undefined,
  );
  const problems = [...set.problems, ...custom.problems];
  if (problems.length > 0)
    throw new pulumi.RunError(problemsText("This stack's config can't be used, and nothing was touched", problems));
  return [...set.addons, ...custom.addons];
}

/** The full names of the images that every node has before its first pod. */
const imagesOnNodes = (cluster: Cluster, versions: Versions): ReadonlySet<string> =>
  new Set(
    everyAddonOf(cluster)
      .filter(({ preload }) => preload === "nodes")
      .flatMap((addon) => Object.values(imageReferences(addon, versions, cluster))),
  );

export interface CustomAddonsArgs {
  /** The cluster's hosts, of which control planes are used. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** What `customAddons` returned. Without any there are no commands, and the part `Addons` takes former ones away. */
  addons: readonly CustomAddon[];
  /** Makes the certificates that some of them serve with. */
  pki: Pick<ClusterPki, "authority" | "leaf">;
  /** All other parts: these add-ons come last, so that one that fails holds up nothing else. */
  after: readonly ClusterPart[];
}

/** The add-ons that come last. Every control plane has the command; the first one to run applies the objects, the others find them applied. */
export class CustomAddons extends ClusterPart {
  constructor(name: string, args: CustomAddonsArgs, options?: pulumi.ComponentResourceOptions) {
    super("CustomAddons", name, "custom-addons", options);
    const dependsOn = lastCommands(args.after);
    const whole = pulumi.all(args.addons.map((addon) => certified(addon, args.pki)));
    for (const host of args.addons.length === 0 ? [] : hostsOf(args.hosts, "control-plane")) {
      const stage = pulumi
        .all([args.owner, host.address, whole])
        .apply(([owner, address, addons]) => customAddonsStage({ host: host.name, owner, address, addons }));
      this.commands[host.name] = hostCommand(host, "custom-addons", stage, { parent: this, dependsOn });
    }
    this.register();
  }
}

/** An add-on with the certificate that it serves with, if any, in its objects. */
function certified(addon: CustomAddon, pki: CustomAddonsArgs["pki"]): pulumi.Output<CustomAddon> {
  const { certificateNames, name, objects } = addon;
  const [commonName] = certificateNames ?? [];
  if (certificateNames === undefined || commonName === undefined) return pulumi.output(addon);
  const { certificate, key } = pki.leaf(`serving-${name}`, "kubernetes", {
    commonName,
    dnsNames: [...certificateNames],
    uses: ["server_auth"],
  });
  return pulumi.all([certificate, key, pki.authority("kubernetes").trusted]).apply(([certificate, key, authority]) => ({
    ...addon,
    objects: withCertificate(objects, { certificate, key, authority }),
  }));
}
