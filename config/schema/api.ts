import { z } from "zod";
import { argumentName, certificateName, ipAddress, ipAddresses, line, port, qualifiedName, whole } from "../values.ts";

/** The one address of the API. */
export const apiSchema = z
  .strictObject({
    domainName: qualifiedName.describe("The API's name inside the cluster; every node gets it in /etc/hosts."),
    address: ipAddresses
      .optional()
      .describe(
        "The virtual IP of the balancers, or the address of the balancer you run yourself. With dual stack it may be a list of two, one of each family. Nodes use the first one, which is of their primary family. Not where the provider has the balancer.",
      ),
    port: port
      .default(8443)
      .describe(
        "Port of the API at that address. On a control plane that is a balancer too it can't be 6443, the apiserver's own.",
      ),
    former: z
      .strictObject({
        domainName: qualifiedName.optional().describe("The name before. By default it has not changed."),
        address: ipAddress.optional().describe("The address before. By default it has not changed."),
        port: port.optional().describe("The port before. By default it has not changed."),
        virtualRouterId: whole(1, 255).optional().describe("The VRRP id of `address`. By default derived from its last byte."),
      })
      .optional()
      .describe(
        "Where the API was before the edit that moves it: served beside the new place until an edit deletes this key. By default there is nothing former. Not where the provider has the balancer.",
      ),
    extraNames: z
      .array(certificateName)
      .default([])
      .describe("More names or addresses for the API's certificate. By default none."),
    extraArgs: z
      .record(argumentName, line)
      .default({})
      .describe("More arguments for kube-apiserver, without the leading --. By default none."),
  })
  .describe("The Kubernetes API's one address.");
