import { type Finding, repair, warn } from "../finding.ts";
import { lines } from "../observation.ts";
import type { Looked } from "../observe.ts";

/** Objects of add-ons that are gone, or in which somebody else has set fields: as the first control plane that answers tells it. */
export function objectFindings(looked: readonly Looked[]): Finding[] {
  const answer = looked.find(
    (it) => "seen" in it && it.host.stages.includes("control-plane") && lines(it.seen, "api").join() === "ok",
  );
  if (answer === undefined || !("seen" in answer)) return [];
  return lines(answer.seen, "objects").map((line) => {
    const [, kind = "", what = ""] = /^(gone|changed) (.*)$/.exec(line) ?? [];
    if (kind === "gone") return warn("add-ons", `an object is gone: ${what}`, repair);
    const [subject = "", ...words] = what.split(": ");
    return warn(
      subject.replace(" /", " "),
      `was changed in fields of an add-on: ${words.join(": ").trim()}`,
      `write it into the config, where there is a key for it. To undo it: ${repair}; for an add-on of your own, set its takeOver`,
    );
  });
}
