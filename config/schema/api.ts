import { z } from "zod";
import { argumentName, certificateName, ipv4, line, port, qualifiedName, whole } from "../values.ts";

/** The one address of the API. */
export const apiSchema = z
  .strictObject({
    domainName: qualifiedName.describe("The API's name inside the cluster; every node gets it in /etc/hosts."),
    address: ipv4
      .optional()
      .describe(
        "The virtual IP of the balancers, or the address of the balancer you run yourself. Not where the provider has the balancer. With an external balancer it may be left out where the hosts' name servers know domainName. With a node-local one it may be left out, too: there it is where those outside the nodes find the API, which the kubeconfig then names.",
      ),
    port: port
      .default(8443)
      .describe(
        "Port of the API at that address. On a control plane that is a balancer too it can't be 6443, the apiserver's own.",
      ),
    former: z
      .strictObject({
        domainName: qualifiedName.optional().describe("The name before. By default it has not changed."),
        address: ipv4.optional().describe("The address before. By default it has not changed."),
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
