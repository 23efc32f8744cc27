import { z } from "zod";
import { bytes, ipAddress, labelKey, labelValue, oneOf, onOff, processors, whole } from "../../values.ts";

const nodePort = (usual: number) => whole(1, 65535).default(usual);

/** Ingress: how HTTP gets from outside to Services. */
export const ingressSchema = z
  .strictObject({
    controller: oneOf(["traefik", "nginx"])
      .default("traefik")
      .describe("traefik, or nginx: ingress-nginx for who has it still; its project has retired it."),
    exposure: oneOf(["load-balancer", "host-ports", "node-ports"])
      .default("load-balancer")
      .describe(
        "load-balancer: at an address of addons.metallb, or of the provider's balancer. host-ports: at ports 80 and 443 of each node that nodeSelector chooses. node-ports: at nodePorts of every node, for a balancer of your own.",
      ),
    address: ipAddress
      .optional()
      .describe("With load-balancer and MetalLB: an address of addons.metallb.addresses. By default any of them."),
    nodePorts: z
      .strictObject({ http: nodePort(30080).describe("HTTP."), https: nodePort(30443).describe("HTTPS.") })
      .prefault({})
      .describe("With node-ports: the ports, in the range of Kubernetes' NodePorts."),
    replicas: whole(1, 100)
      .default(2)
      .describe("Pods, each on a node of its own as far as there are any. With host-ports there is one on each node."),
    nodeSelector: z
      .record(labelKey, labelValue)
      .default({})
      .describe("Labels of the nodes that its pods may run on. By default every node without a taint."),
    gatewayApi: onOff
      .default(true)
      .describe(
        "Traefik: also serve the Gateway API, with its standard kinds, a GatewayClass and a Gateway traefik for HTTP. false where you install those kinds yourself.",
      ),
    isDefault: onOff.default(true).describe("Serve Ingresses that name no class, too."),
    cpuRequest: processors.default("100m").describe("What each pod asks for."),
    memoryRequest: bytes.default("128Mi").describe("What each pod asks for."),
    memoryLimit: bytes.default("512Mi").describe("Memory limit of each pod."),
  })
  .optional()
  .describe("HTTP and HTTPS from outside to Services, by Ingresses and by the Gateway API. By default off.");
