import { z } from "zod";
import { onOff, switchOn, whole } from "../values.ts";
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
    coredns: z
      .strictObject({
        enabled: switchOn("Cluster DNS."),
        replicas: whole(1, 100).default(2).describe("Pods of CoreDNS."),
        cacheSeconds: whole(0, 86400).default(30).describe("How long answers are kept."),
        maxConcurrent: whole(1, 1_000_000).default(1000).describe("Look-ups forwarded at once."),
        memoryLimitMebibytes: whole(32, 65536).default(170).describe("Memory limit of each pod."),
      })
      .prefault({})
      .describe("CoreDNS."),
    ebsCsi: switchOn(
      "Volumes of EBS for PersistentVolumeClaims, with a default class of encrypted gp3, where the provider has them; elsewhere it means nothing.",
    ),
    custom: customAddonsSchema,
  })
  .prefault({})
  .describe("Add-ons that are installed in the cluster once its API answers.");
