import { keyPath, oneProblem, type Problem } from "../../config/problems.ts";
import type { KubernetesObject } from "../addon.ts";

// Images of the user's pods. Where hosts take images from archives, a node may reach no registry: then a pod whose image is in none of
// the archives never starts.

interface Container {
  image?: unknown;
  imagePullPolicy?: unknown;
}

/** The containers of an object's pods, of Kubernetes' own kinds. */
function containersOf({ kind, spec }: KubernetesObject): Container[] {
  const at = (value: unknown, ...path: string[]): unknown =>
    path.reduce((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], value);
  const pod =
    kind === "Pod"
      ? spec
      : kind === "CronJob"
        ? at(spec, "jobTemplate", "spec", "template", "spec")
        : at(spec, "template", "spec");
  return ["initContainers", "containers"].flatMap((key) => {
    const found = at(pod, key);
    return Array.isArray(found) ? (found as Container[]) : [];
  });
}

/** An image's full name, as containerd has it: docker.io/library/nginx:latest for nginx. */
export function fullName(image: string): string {
  const [name = "", digest] = image.split("@");
  const [first = "", ...rest] = name.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const placed = hasRegistry ? name : `docker.io/${rest.length === 0 ? "library/" : ""}${name}`;
  if (digest !== undefined) return `${placed}@${digest}`;
  return /:[^/]+$/.test(placed) ? placed : `${placed}:latest`;
}

/** Whether kubelet asks the registry though the node has the image. */
const isPulledAlways = ({ image, imagePullPolicy }: Container) =>
  imagePullPolicy === undefined
    ? String(image).endsWith(":latest") || !/[:@][^/]+$/.test(String(image))
    : imagePullPolicy === "Always";

/** What stands in the way of starting the pods of these objects with the images that every node has, by full name with tag. */
export function imageProblems(
  key: readonly PropertyKey[],
  addon: string,
  objects: readonly KubernetesObject[],
  onNodes: ReadonlySet<string>,
): Problem[] {
  const pulled = `cluster.addons.custom.${addon}.pullImages: true, if nodes reach its registry`;
  const seen = new Set<string>();
  return objects.flatMap((object) =>
    containersOf(object).flatMap((container): Problem[] => {
      const { image } = container;
      if (typeof image !== "string" || seen.has(image)) return [];
      seen.add(image);
      const found = `holds ${object.kind} ${object.metadata.name} with the image ${image}`;
      const name = fullName(image);
      if (!onNodes.has(name)) {
        const cure = name.includes("@")
          ? "name it by its tag in the manifest, and with its tag and digest in cluster.artifacts.extraImages"
          : `add "${name}@sha256:…" to cluster.artifacts.extraImages; its registry, or skopeo inspect, says the digest`;
        return oneProblem(
          keyPath(key),
          `${found}, which no archive of the bundle brings`,
          `an image that nodes have, or ${pulled}`,
          cure,
        );
      }
      if (!isPulledAlways(container)) return [];
      return oneProblem(
        keyPath(key),
        `${found}, which is pulled at each start of a pod`,
        `imagePullPolicy: IfNotPresent, or ${pulled}`,
      );
    }),
  );
}
