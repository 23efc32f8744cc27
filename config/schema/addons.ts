import { z } from "zod";
import { onOff, switchOn } from "../values.ts";
import { certManagerSchema } from "./addons/cert-manager.ts";
import { ingressSchema } from "./addons/ingress.ts";
import { localPathSchema } from "./addons/local-path.ts";
import { metallbSchema } from "./addons/metallb.ts";
import { metricsServerSchema } from "./addons/metrics-server.ts";
import { corednsSchema } from "./coredns.ts";
import { customAddonsSchema } from "./custom-addons.ts";

/** Add-ons. */
export const addonsSchema = z
  .strictObject({
    flannel: switchOn("Pod network. false is an older word for network.plugin: none."),
    networkPolicies: onOff
      .default(false)
      .describe(
        "Enforce NetworkPolicies on every node with kube-network-policies. flannel alone ignores them. Networks such as Cilium and Calico enforce them by themselves.",
      ),
    coredns: corednsSchema,
    ebsCsi: switchOn(
      "Volumes of EBS for PersistentVolumeClaims, with a default class of encrypted gp3, where the provider has them; elsewhere it means nothing.",
    ),
    metallb: metallbSchema,
    ingress: ingressSchema,
    certManager: certManagerSchema,
    localPath: localPathSchema,
    metricsServer: metricsServerSchema,
    custom: customAddonsSchema,
  })
  .prefault({})
  .describe("Add-ons that are installed in the cluster once its API answers.");
