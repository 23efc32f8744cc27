import { z } from "zod";
import { proxyException, proxyUrl } from "../places.ts";

/** The proxy between hosts and what they download. */
export const proxySchema = z
  .strictObject({
    http: proxyUrl
      .optional()
      .describe("Proxy for http:// URLs. By default none. A login is the stack's secret proxyLogin, user:password."),
    https: proxyUrl.optional().describe("Proxy for https:// URLs. By default that of `http`."),
    none: z
      .array(proxyException)
      .default([])
      .describe(
        "Hosts and ranges that are reached without the proxy, beside the cluster's own: nodeCidrs, pods, Services, the API's name and address, localhost. By default nothing more. curl and apt know no ports, and match ranges with addresses only.",
      ),
  })
  .prefault({})
  .describe("The proxy between hosts and what they fetch: files, packages and images. Nothing inside the cluster uses it.");
