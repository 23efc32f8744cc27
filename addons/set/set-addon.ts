import type { Cluster } from "../../config/schema.ts";
import type { Addon } from "../addon.ts";
import type { Serving } from "./serving.ts";

/**
 * An add-on of the set: off unless the config turns it on. It is installed when everything of the cluster's own is well, before add-ons of
 * the user's own, so that one that fails holds up nothing of the cluster. Turning it off removes all that it made.
 */
export interface SetAddon<Image extends string = string, Settings = unknown> extends Addon<Image, Settings> {
  /**
   * The namespace of its pods. It is made for them, and goes once it is empty, unless it is one of the cluster's own or one of the objects:
   * then it goes with these and with all that is in it.
   */
  namespace: string;
  /** Below 1000. Lower ones come first; when one fails, none with a higher number is applied. */
  order: number;
  /** How long its pods may take to roll out. Default 300. */
  timeoutSeconds?: number;
  /** Names of published manifests in addons/lock.json, such as its kinds. Their objects come before its own. */
  manifests?: readonly string[];
  /**
   * A certificate of the cluster's authority for one of its Services, which is in a Secret before its pods are made. Renewed by an `up` in
   * its renewal window, and read again by pods themselves. Default: none.
   */
  serving?: Serving;
  /** Its key below `addons`. Default: its name, written as keys are. */
  key?: string;
}

/** The key below `addons` that turns it on. */
export const keyOf = ({ name, key }: Pick<SetAddon, "name" | "key">): string =>
  key ?? name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Those of a list that a config turns on. */
export const chosen = <One extends Addon>(addons: readonly One[], cluster: Cluster): One[] =>
  addons.filter((addon) => addon.settings(cluster) !== undefined);
