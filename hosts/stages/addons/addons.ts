import { stringify } from "yaml";
import { type Addon, addonObjects, imageReferences, type KubernetesObject } from "../../../addons/addon.ts";
import { addons, addonsOf } from "../../../addons/registry.ts";
import { setAddonsOf } from "../../../addons/set/registry.ts";
import type { Versions } from "../../../artifacts/lock.ts";
import { hostPort } from "../../../config/addresses.ts";
import { isRotating } from "../../../config/authorities.ts";
import { APISERVER_PORT } from "../../../config/ports.ts";
import type { Cluster } from "../../../config/schema.ts";
import { lostHosts, podNetwork } from "../../cluster.ts";
import { workersTaints } from "../../node-settings.ts";
import type { HostFile, Stage } from "../../stage.ts";

export interface AddonsStageArgs {
  /** The control plane of this stage. Each looks for work, and any may do it. */
  host: string;
  owner: string;
  cluster: Cluster;
  /** The control plane's own address, at which its own apiserver answers. */
  address: string;
  apiEndpoint: { port: number };
  versions: Versions;
  /** Add-ons that the provider brings, applied after the others. By default none. */
  providerAddons?: readonly Addon[];
  /** Where the timer of each control plane puts join tokens for auto-scaling pools. Default: no timer. */
  joinTokens?: readonly HostFile[];
}

/**
 * Installs the add-ons once per cluster: the first control plane that finds a difference applies them, deletes the objects that
 * nothing wants any more, and records both. The same goes for the taints of workers that have joined already.
 */
export function addonsStage(args: AddonsStageArgs): Stage {
  const { host, owner, cluster, address, versions } = args;
  const apiUrl = `https://${cluster.api.domainName}:${args.apiEndpoint.port}`;
  const all = [...addons, ...(args.providerAddons ?? [])].flatMap((addon) => {
    const objects = addonObjects(addon, { cluster, versions, apiUrl });
    return objects === undefined ? [] : [{ name: addon.name, objects }];
  });
  return {
    name: "addons",
    host,
    owner,
    versions: Object.assign({}, ...addonsOf(cluster).map((addon) => imageReferences(addon, versions, cluster))),
    settings: {
      API_SERVER: `https://${hostPort(address, APISERVER_PORT)}`,
      KUBERNETES_VERSION: cluster.kubernetesVersion,
      POD_NETWORK: podNetwork(cluster),
      DRAIN_SECONDS: String(cluster.drain.timeoutSeconds),
      LOST: lostHosts(cluster).join(" "),
      TAINTS: workersTaints(cluster).join(" "),
      // Without any, this stage takes away what there was of them.
      ...(Object.keys(cluster.addons.custom).length + setAddonsOf(cluster).length > 0 && { CUSTOM_ADDONS: "yes" }),
      ...((isRotating(cluster.certificates.authorities.kubernetes) || cluster.api.former) && { AWAIT_PODS: "yes" }),
    },
    files: args.joinTokens,
    inputs: {
      // The numbers give the order in which they are applied.
      ...Object.fromEntries(
        all.map(({ name, objects }, index) => [`${String(index).padStart(2, "0")}-${name}.yaml`, manifest(objects)]),
      ),
      objects: all.flatMap(({ objects }) => objects.map((object) => `${JSON.stringify(reference(object))}\n`)).join(""),
    },
  };
}

/** Objects as a YAML stream; the same objects give the same text. */
export function manifest(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 })}`).join("");
}

/** The fields that a delete needs. */
export function reference({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): KubernetesObject {
  return { apiVersion, kind, metadata: { ...(namespace && { namespace }), name } };
}
