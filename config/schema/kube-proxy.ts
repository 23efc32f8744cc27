import { z } from "zod";
import { whole } from "../values.ts";
import { mapping } from "./component.ts";

/** Settings of kube-proxy. Its mode is `network.kubeProxyMode`. */
export const kubeProxySchema = z
  .strictObject({
    conntrackMaxPerCore: whole(0, 10_000_000)
      .default(0)
      .describe(
        "Entries of the kernel's table of connections for each processor, set by kube-proxy. 0 leaves the table as host preparation sets it, 524288 entries.",
      ),
    conntrackMin: whole(0, 100_000_000)
      .default(0)
      .describe("At least so many entries, whatever the processors are. It counts with conntrackMaxPerCore above 0 alone."),
    extraConfig: mapping
      .optional()
      .describe(
        "More fields of a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1), such as metricsBindAddress. By default none.",
      ),
  })
  .prefault({})
  .describe("Settings of kube-proxy.");
