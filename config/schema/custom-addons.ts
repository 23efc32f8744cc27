import { z } from "zod";
import { dnsLabel, localPath, matching, onOff, whole } from "../values.ts";
import { chartSchema } from "./chart.ts";
import { mapping } from "./component.ts";

/** A namespace's name: Kubernetes takes a DNS label. */
const namespace = matching(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "a namespace: 1 to 63 lower-case letters, digits and inner hyphens",
);

const customAddonSchema = z
  .strictObject({
    files: z
      .array(localPath)
      .default([])
      .describe(
        "Manifests, YAML or JSON: files, or folders whose .yaml, .yml and .json files are taken in the order of their names. By default none.",
      ),
    kustomize: localPath
      .optional()
      .describe("A folder with a kustomization.yaml, which `kubectl kustomize` renders on the machine that runs this program."),
    chart: chartSchema.optional(),
    objects: z.array(mapping).default([]).describe("Objects written here, with apiVersion, kind and metadata. By default none."),
    namespace: namespace
      .optional()
      .describe(
        "The namespace of objects that name none. It is made if it is missing, and goes with the last add-on that names it, once it is empty. By default `default`.",
      ),
    order: whole(0, 1000)
      .default(0)
      .describe(
        "Add-ons with a lower number come first; those with the same number are applied by name. When one fails, none with a higher number is applied.",
      ),
    wait: onOff
      .default(true)
      .describe("Wait until its Deployments, DaemonSets and StatefulSets are rolled out and its Jobs are complete."),
    timeoutSeconds: whole(10, 3600).default(300).describe("How long that may take."),
    pullImages: onOff
      .default(false)
      .describe(
        "Let nodes pull its images from their registries. Without it, where nodes take images from a bundle, an image that is not in `artifacts.extraImages` is refused.",
      ),
    takeOver: onOff
      .default(false)
      .describe(
        "Take over objects that exist already, and fields that somebody else has set. Without it, either is an error that names them.",
      ),
  })
  .describe("One add-on of your own.");

/** Add-ons of the user's own. */
export const customAddonsSchema = z
  .record(dnsLabel, customAddonSchema)
  .default({})
  .describe(
    "Add-ons of your own by name: manifests that are applied once everything else is well, and removed when they are taken out of here. See docs/addons.md. By default none.",
  );

/** An add-on of the user's own, as the config has it. */
export type CustomAddonConfig = z.output<typeof customAddonSchema>;
