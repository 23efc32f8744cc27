import { z } from "zod";
import { domainName, localPath, matching, onOff, sha256 } from "../values.ts";
import { mapping } from "./component.ts";

/** Where charts are published: an index by HTTP, or a container registry. */
const chartRepository = matching(
  /^(https?|oci):\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~-]+)*\/?$/,
  "a chart repository such as https://charts.example.com, or oci:// and a registry's path such as oci://ghcr.io/example/charts",
);
const chartName = matching(/^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/, "a chart's name such as podinfo");
const chartVersion = matching(/^v?\d+\.\d+\.\d+([-+][A-Za-z0-9.+-]+)?$/, "a chart's version such as 6.7.1");

/** A Helm chart of an add-on of the user's own. */
export const chartSchema = z
  .strictObject({
    path: localPath
      .optional()
      .describe("The chart on the machine that runs this program: a folder, or a .tgz. Instead of `repository`."),
    repository: chartRepository
      .optional()
      .describe("Where the chart is published: https://…, or oci://…. With `name`, `version` and `sha256`. Instead of `path`."),
    name: chartName.optional().describe("The chart's name in the repository."),
    version: chartVersion.optional().describe("The chart's version in the repository."),
    sha256: sha256
      .optional()
      .describe(
        "SHA-256 of the chart's .tgz, which is kept in this machine's cache. Required with `repository`: a preview without it names the one that the repository gives.",
      ),
    release: domainName
      .optional()
      .describe("The release's name, from which charts make their objects' names. By default the add-on's."),
    valuesFiles: z.array(localPath).default([]).describe("Files of values, the last one first in rank. By default none."),
    values: mapping.optional().describe("Values, above those of valuesFiles. By default the chart's own."),
    skipHooks: onOff
      .default(false)
      .describe("Leave the chart's hooks out. Without it a chart that has any, but for tests, is refused: see docs/addons.md."),
  })
  .describe("A Helm chart, which Helm 4 renders on the machine that runs this program.");

/** A Helm chart, as the config has it. */
export type ChartConfig = z.output<typeof chartSchema>;
