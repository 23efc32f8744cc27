import { z } from "zod";
import { type Component, components, folderOf } from "../component-files.ts";
import { argumentName, line, matching, onOff } from "../values.ts";

// What every component has: arguments, feature gates, files, and mappings that the component's own documentation describes.

/** More arguments of a program. */
export const extraArgs = (program: string) =>
  z.record(argumentName, line).default({}).describe(`More arguments for ${program}, without the leading --. By default none.`);

/** Whether a value is a mapping and no list. */
export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mappingAllowed = "a mapping";
/** A mapping in the words of the component that reads it. */
export const mapping = z
  .unknown()
  .refine(isMapping, { error: mappingAllowed })
  .transform((value) => value as Readonly<Record<string, unknown>>);

const contentAllowed = "a text, or a mapping that is written as YAML";
const content = z.unknown().refine((value) => isMapping(value) || (typeof value === "string" && value.trim() !== ""), {
  error: contentAllowed,
});

/** A file's name in a folder of its own. */
const fileName = matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "a file's name of at most 63 letters, digits and . _ -");

/** Files of a component's pod. */
export const files = (component: Component) =>
  z
    .record(
      fileName,
      z
        .strictObject({
          content: content
            .optional()
            .describe("The file's text, or a mapping that is written as YAML. Required, unless the file is secret."),
          secret: onOff
            .default(false)
            .describe("true: the content is in the stack's secret `files`, by the file's name, and the file has mode 0600."),
        })
        .describe("One file."),
    )
    .default({})
    .describe(
      `Files in ${folderOf(component)} on every control plane, by name; ${components[component]}'s pod sees them at the same path. A change restarts it, one host at a time. By default none.`,
    );

/** A feature gate's name. */
export const gateName = matching(/^[A-Z][A-Za-z0-9]{1,99}$/, "a feature gate's name such as MutatingAdmissionPolicy");

/** Feature gates of all components. */
export const featureGatesSchema = z
  .record(gateName, onOff)
  .default({})
  .describe(
    "Kubernetes' feature gates: kube-apiserver, controller manager, scheduler, every kubelet and kube-proxy get each of them that they have. By default none.",
  );
