import { z } from "zod";
import { onOff, switchOn } from "../values.ts";
import { certManagerSchema } from "./addons/cert-manager.ts";
import { headlampSchema } from "./addons/headlamp.ts";
import { ingressSchema } from "./addons/ingress.ts";
import { iscsiSchema } from "./addons/iscsi.ts";
import { localPathSchema } from "./addons/local-path.ts";
import { metallbSchema } from "./addons/metallb.ts";
import { metricsServerSchema } from "./addons/metrics-server.ts";
import { monitoringSchema } from "./addons/monitoring.ts";
import { nfsSchema } from "./addons/nfs.ts";
import { nodeLocalDnsSchema } from "./addons/node-local-dns.ts";
import { nodeProblemDetectorSchema } from "./addons/node-problem-detector.ts";
import { rookCephSchema } from "./addons/rook-ceph.ts";
import { snapshotsSchema } from "./addons/snapshots.ts";
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
    nfs: nfsSchema,
    iscsi: iscsiSchema,
    rookCeph: rookCephSchema,
    snapshots: snapshotsSchema,
    nodeLocalDns: nodeLocalDnsSchema,
    nodeProblemDetector: nodeProblemDetectorSchema,
    headlamp: headlampSchema,
    metallb: metallbSchema,
    ingress: ingressSchema,
    certManager: certManagerSchema,
    monitoring: monitoringSchema,
    localPath: localPathSchema,
    metricsServer: metricsServerSchema,
    custom: customAddonsSchema,
  })
  .prefault({})
  .describe("Add-ons that are installed in the cluster once its API answers.");
