import { parseAllDocuments, stringify } from "yaml";
import type { AddonImages, KubernetesObject } from "../../../addons/addon.ts";
import { addons } from "../../../addons/registry.ts";
import { isRotating } from "../../../config/authorities.ts";
import type { Cluster } from "../../../config/schema.ts";
import { lostHosts, podNetwork, taintsByPool } from "../../cluster.ts";
import { type JoinTokens, joinTokenFiles } from "../../join/join.ts";
import type { Stage } from "../../stage.ts";

export interface AddonsStageArgs {
  /** The control plane this stage is for; any may do the work, each looks. */
  host: string;
  owner: string;
  cluster: Cluster;
  /** The control plane's own address, at which its own apiserver answers on port 6443. */
  address: string;
  apiEndpoint: { port: number };
  images: AddonImages;
  /** Manifests that the provider adds, applied after the others. */
  extra?: readonly { name: string; manifest: string }[];
  /** Where each control plane's timer puts join tokens for auto-scaling pools. By default there is none. */
  joinTokens?: JoinTokens;
}

/**
 * Installs the add-ons once per cluster: the first control plane that finds them not as wanted applies them, deletes what is no
 * longer wanted and records both. The same goes for the taints of workers that have joined already. Throws where a manifest holds something that is no Kubernetes object.
 */
export function addonsStage(args: AddonsStageArgs): Stage {
  const { host, owner, cluster, address, images } = args;
  const apiUrl = `https://${cluster.api.domainName}:${args.apiEndpoint.port}`;
  const own = addons
    .filter((addon) => addon.enabled(cluster))
    .map(({ name, objects }) => ({ name, objects: objects({ cluster, apiUrl, images }) }));
  const extra = (args.extra ?? []).map(({ name, manifest }) => ({ name, objects: parseManifest(name, manifest) }));
  const all = [...own, ...extra];
  return {
    name: "addons",
    host,
    owner,
    versions: { ...images },
    settings: {
      API_SERVER: `https://${address}:6443`,
      KUBERNETES_VERSION: cluster.kubernetesVersion,
      POD_NETWORK: podNetwork(cluster),
      DRAIN_SECONDS: String(cluster.drain.timeoutSeconds),
      LOST: lostHosts(cluster).join(" "),
      TAINTS: taintsByPool(cluster).join(" "),
      ...((isRotating(cluster.certificates.authorities.kubernetes) || cluster.api.former) && { AWAIT_PODS: "yes" }),
    },
    files: args.joinTokens && joinTokenFiles(args.joinTokens),
    inputs: {
      // Numbered: the order in which they are applied.
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

/** What is needed to delete an object. */
function reference({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): KubernetesObject {
  return { apiVersion, kind, metadata: { ...(namespace && { namespace }), name } };
}

function parseManifest(name: string, text: string): KubernetesObject[] {
  const documents = parseAllDocuments(text);
  const objects = (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`add-on ${name}: ${error.message}`);
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
  for (const [index, object] of objects.entries()) {
    if (!object?.apiVersion || !object.kind || !object.metadata?.name) {
      throw new Error(`add-on ${name}: document ${index + 1} needs apiVersion, kind and metadata.name`);
    }
  }
  return objects;
}
