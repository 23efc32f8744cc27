import type { Versions } from "../../artifacts/lock.ts";
import { isOwnNamespace } from "../../config/namespaces.ts";
import { keyPath, oneProblem, type Problem } from "../../config/problems.ts";
import type { Cluster } from "../../config/schema.ts";
import { addonObjects } from "../addon.ts";
import type { CustomAddon, Rendered } from "../custom/render.ts";
import { publishedObjects } from "./manifests.ts";
import { setAddons } from "./registry.ts";
import { namesOf, servingSecret } from "./serving.ts";
import { chosen, keyOf, type SetAddon } from "./set-addon.ts";

/** Their orders are below 0, so that they come before those of the user's own, which begin there. */
const BEFORE_CUSTOM = -1000;

/** The add-ons of the set that a config turns on, as the last stage installs them. `all` is the set itself. */
export async function renderSet(cluster: Cluster, versions: Versions, all: readonly SetAddon[] = setAddons): Promise<Rendered> {
  const problems: Problem[] = [];
  const addons: CustomAddon[] = [];
  const apiUrl = `https://${cluster.api.domainName}:${cluster.api.port}`;
  for (const addon of chosen(all, cluster).sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1))) {
    const key = keyPath(["addons", keyOf(addon)]);
    const published = await Promise.all((addon.manifests ?? []).map((name) => publishedObjects(name, cluster, versions, key)));
    problems.push(...published.flatMap((found) => ("problem" in found ? [found.problem] : [])), ...namesake(addon, cluster));
    const objects = [
      ...published.flatMap((found) => ("objects" in found ? found.objects : [])),
      ...(addonObjects(addon, { cluster, versions, apiUrl }) ?? []),
    ];
    const { name, namespace, order, serving, timeoutSeconds = 300 } = addon;
    if (serving !== undefined) objects.unshift(servingSecret(name, namespace, serving));
    const isMade = !isOwnNamespace(namespace) && !objects.some((it) => it.kind === "Namespace" && it.metadata.name === namespace);
    addons.push({
      ...{ name, order: BEFORE_CUSTOM + order, timeoutSeconds, wait: true, takeOver: false, objects },
      ...(isMade && { namespace }),
      ...(serving !== undefined && { certificateNames: namesOf(serving.service, namespace) }),
    });
  }
  return { addons, problems };
}

/** Two of one name can't be told apart where one of them fails. */
function namesake(addon: SetAddon, { addons: { custom } }: Cluster): Problem[] {
  if (!Object.hasOwn(custom, addon.name)) return [];
  const found = `has the name of the add-on that addons.${keyOf(addon)} installs`;
  return oneProblem(keyPath(["addons", "custom", addon.name]), found, "another name, or one of the two");
}
