import type { KubernetesObject } from "../../../addons/addon.ts";
import { type CustomAddon, comesFirst } from "../../../addons/custom/render.ts";
import { hostPort } from "../../../config/addresses.ts";
import { APISERVER_PORT } from "../../../config/ports.ts";
import type { Stage } from "../../stage.ts";
import { reference } from "../addons/addons.ts";

export interface CustomAddonsStageArgs {
  /** The control plane of this stage. Each looks for work, and any may do it. */
  host: string;
  owner: string;
  /** The control plane's own address, at which its own apiserver answers. */
  address: string;
  /** The add-ons in the order in which they are applied. */
  addons: readonly CustomAddon[];
}

/**
 * Installs the user's own add-ons once per cluster, after everything else: the first control plane that finds a difference applies them,
 * deletes the objects that nothing wants any more, waits for their pods and records what there is.
 */
export function customAddonsStage({ host, owner, address, addons }: CustomAddonsStageArgs): Stage {
  const placed = addons.map((addon, index) => ({ ...addon, place: String(index).padStart(3, "0") }));
  const inputs = placed.flatMap(({ place, objects }) =>
    [
      { name: `${place}-first`, part: objects.filter(comesFirst) },
      { name: `${place}-rest`, part: objects.filter((object) => !comesFirst(object)) },
    ].flatMap(({ name, part }): [string, string][] => [
      [name, lines(part)],
      [`${name}.references`, lines(part.map(reference))],
    ]),
  );
  return {
    name: "custom-addons",
    host,
    owner,
    settings: {
      API_SERVER: `https://${hostPort(address, APISERVER_PORT)}`,
      // For readers of a preview; the digests beside it say which of them changed.
      CUSTOM_ADDONS: placed.map(({ place, name, objects }) => `${place}=${name}(${objects.length})`).join(" "),
    },
    inputs: {
      list: placed
        .map(({ place, name, order, timeoutSeconds, wait, takeOver, namespace }) =>
          [place, name, order, timeoutSeconds, yes(wait), yes(takeOver), ...(namespace === undefined ? [] : [namespace])].join(
            " ",
          ),
        )
        .map((line) => `${line}\n`)
        .join(""),
      ...Object.fromEntries(inputs),
    },
  };
}

const yes = (is: boolean) => (is ? "yes" : "no");
const lines = (objects: readonly KubernetesObject[]) => objects.map((object) => `${JSON.stringify(object)}\n`).join("");
