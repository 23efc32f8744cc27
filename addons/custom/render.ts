import { keyPath, oneProblem, type Problem } from "../../config/problems.ts";
import type { CustomAddonConfig } from "../../config/schema/custom-addons.ts";
import type { Cluster } from "../../config/schema.ts";
import type { KubernetesObject } from "../addon.ts";
import { isClusterWide, placeOf, refusalOf } from "./allowed.ts";
import { imageProblems } from "./images.ts";
import type { Source } from "./source.ts";
import { sourcesOf } from "./sources.ts";

// Add-ons of the user's own are rendered on the machine that runs this program, before anything is changed: so a preview refuses
// what can't be rendered, knows every object and image, and control planes need no more than the objects.

/** An add-on of the user's own with its objects. */
export interface CustomAddon extends Pick<CustomAddonConfig, "namespace" | "timeoutSeconds" | "wait" | "takeOver" | "order"> {
  name: string;
  /** In the order in which they are applied: namespaces and kinds first. */
  objects: readonly KubernetesObject[];
  /** The names of the certificate whose words the objects hold; see addons/set/serving.ts. Default: none. */
  certificateNames?: readonly string[];
}

/** What the config's `addons.custom` comes to. */
export interface Rendered {
  /** In the order in which they are applied. */
  addons: readonly CustomAddon[];
  problems: readonly Problem[];
}

/**
 * Renders all add-ons of a config. `taken`: what else there is in the cluster, by its owner. `onNodes`: full names of the images that
 * every node has, where an image may have to be among them; by default each may be pulled. Paths are from the current folder.
 */
export async function renderCustom(
  { addons: { custom }, kubernetesVersion }: Pick<Cluster, "addons" | "kubernetesVersion">,
  taken: ReadonlyMap<string, readonly KubernetesObject[]>,
  onNodes?: ReadonlySet<string>,
): Promise<Rendered> {
  const owners = new Map(
    [...taken].flatMap(([owner, objects]) => objects.map((it) => [placeOf(it), `add-on ${owner}`] as const)),
  );
  const problems: Problem[] = [];
  const addons: CustomAddon[] = [];
  const named = Object.entries(custom).sort(([a, { order }], [b, other]) => order - other.order || (a < b ? -1 : 1));
  for (const [name, config] of named) {
    const sources = await sourcesOf(name, config, kubernetesVersion);
    problems.push(...sources.flatMap((source) => ("problem" in source ? [source.problem] : [])));
    const found = sources.flatMap((source) =>
      "objects" in source ? [{ ...source, objects: placed(source.objects, config) }] : [],
    );
    problems.push(...found.flatMap((source) => refusals(source, name, owners)));
    if (onNodes !== undefined && !config.pullImages)
      problems.push(...found.flatMap(({ key, objects }) => imageProblems(key, name, objects, onNodes)));
    const { namespace, order, timeoutSeconds, wait, takeOver } = config;
    addons.push({
      ...{ name, namespace, order, timeoutSeconds, wait, takeOver },
      objects: inOrder(found.flatMap(({ objects }) => objects)),
    });
  }
  return { addons, problems };
}

/** Objects without a namespace are in the add-on's. */
const placed = (objects: readonly KubernetesObject[], { namespace = "default" }: CustomAddonConfig): KubernetesObject[] =>
  objects.map((object) =>
    object.metadata.namespace !== undefined || isClusterWide(object.kind)
      ? object
      : { ...object, metadata: { ...object.metadata, namespace } },
  );

/** Objects that are not the add-on's to have, each with where it is from; notes the others as its own. */
function refusals({ key, from, objects }: Extract<Source, { objects: unknown }>, addon: string, owners: Map<string, string>) {
  return objects.flatMap((object): Problem[] => {
    const place = placeOf(object);
    const owner = owners.get(place);
    if (owner === undefined) owners.set(place, `addons.custom.${addon}`);
    const why = owner === undefined ? refusalOf(object) : `belongs to ${owner}`;
    if (why === undefined) return [];
    const where = from === undefined ? "" : ` of ${from}`;
    return oneProblem(keyPath(key), `holds ${place}${where}, which ${why}`, "objects of its own, in namespaces of its own");
  });
}

const first = ["Namespace", "CustomResourceDefinition"];
/** Whether others need the object before they can be made. */
export const comesFirst = ({ kind }: KubernetesObject): boolean => first.includes(kind);

const ranks = [
  ...first,
  "PriorityClass",
  "ServiceAccount",
  "ConfigMap",
  "Secret",
  "ClusterRole",
  "Role",
  "ClusterRoleBinding",
  "RoleBinding",
];
const rankOf = ({ kind }: KubernetesObject) => {
  const rank = ranks.indexOf(kind);
  return rank < 0 ? ranks.length : rank;
};
const inOrder = (objects: readonly KubernetesObject[]) => [...objects].sort((a, b) => rankOf(a) - rankOf(b));
