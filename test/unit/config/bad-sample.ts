import { metal, type Written } from "../../harness/samples.ts";

/** A config that must be refused. */
export interface Bad {
  mistake: string;
  from: () => Written;
  edit: (config: Written) => void;
  /** The key of every problem, in order; test/golden/config-messages.txt has their texts. */
  keys: readonly string[];
}

/** A mistake on metal, with the keys of its problems. */
export const bad = (mistake: string, edit: (config: Written) => void, ...keys: string[]): Bad => ({
  mistake,
  from: metal,
  edit,
  keys,
});
