import { z } from "zod";
import { certificateName, ipAddress, ipAddresses, port, qualifiedName, whole } from "../values.ts";
import { extraArgs, files, mapping } from "./component.ts";

/** The audit log of the API. */
const auditSchema = z
  .strictObject({
    policy: mapping
      .optional()
      .describe(
        "Fields of an audit Policy (audit.k8s.io/v1), such as rules. By default every request is logged with its metadata, apart from health checks and leases.",
      ),
    maximumAgeDays: whole(1, 3650).default(30).describe("Old files go after so many days."),
    maximumFiles: whole(1, 1000).default(10).describe("Old files kept at most."),
    maximumMebibytes: whole(1, 10_000).default(100).describe("A file is rotated at this size."),
  })
  .optional()
  .describe(
    "The audit log: /var/log/kubernetes/kube-apiserver/audit.log on every control plane. `audit: {}` turns it on. By default there is none.",
  );

/** The one address of the API. */
export const apiSchema = z
  .strictObject({
    domainName: qualifiedName.describe("The API's name inside the cluster; every node gets it in /etc/hosts."),
    address: ipAddresses
      .optional()
      .describe(
        "The virtual IP of the balancers, or the address of the balancer you run yourself. With dual stack it may be a list of two, one of each family. Nodes use the first one, which is of their primary family. Not where the provider has the balancer. With an external balancer it may be left out where the hosts' name servers know domainName. With a node-local one it may be left out, too: there it is where those outside the nodes find the API, which the kubeconfig then names.",
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
    audit: auditSchema,
    maxRequestsInflight: whole(1, 100_000)
      .optional()
      .describe("Reading requests that one apiserver serves at once. By default Kubernetes', 400."),
    maxMutatingRequestsInflight: whole(1, 100_000)
      .optional()
      .describe("Writing requests that one apiserver serves at once. By default Kubernetes', 200."),
    eventTtlMinutes: whole(1, 10_080).optional().describe("How long events are kept. By default Kubernetes', 60."),
    extraArgs: extraArgs("kube-apiserver"),
    files: files("api"),
  })
  .describe("The Kubernetes API's one address.");
