import { z } from "zod";
import { domainName, ipAddress, line, matching, onOff, processors, switchOn, whole } from "../values.ts";

const rewriteRule = matching(
  /^(stop |continue )?(name|type|class|ttl|edns0|cname) [^\p{Cc}{}#]+$/u,
  "the words after `rewrite` in one line, such as name exact api.example.com api.default.svc.cluster.local",
);

/** CoreDNS, as far as the size of the cluster and the names around it decide it. */
export const corednsSchema = z
  .strictObject({
    enabled: switchOn("Cluster DNS."),
    replicas: whole(1, 100).default(2).describe("Pods of CoreDNS."),
    cacheSeconds: whole(0, 86400).default(30).describe("How long answers are kept."),
    cacheEntries: whole(1024, 10_000_000)
      .optional()
      .describe("So many answers, and as many denials, are kept. By default CoreDNS's own number, 9984 of each."),
    maxConcurrent: whole(1, 1_000_000).default(1000).describe("Look-ups forwarded at once."),
    cpuRequest: processors.default("100m").describe("What each pod asks for. The default is kubeadm's."),
    cpuLimit: processors.optional().describe("What each pod gets at most. By default no limit: a limit delays answers at peaks."),
    memoryRequestMebibytes: whole(16, 65536)
      .default(70)
      .describe("What each pod asks for, at most its limit. The default is kubeadm's."),
    memoryLimitMebibytes: whole(32, 65536).default(170).describe("Memory limit of each pod."),
    spreadOverZones: onOff
      .default(false)
      .describe("Spread the pods over zones, too, as far as there are any: by the Nodes' label topology.kubernetes.io/zone."),
    stubDomains: z
      .record(
        domainName,
        z.array(ipAddress).min(1, { error: "at least one name server" }).max(15, { error: "at most 15 name servers" }),
      )
      .default({})
      .describe(
        "Name servers that know the names below a domain, by domain, such as corp.example.com: [10.0.0.53]. By default none.",
      ),
    rewrites: z
      .array(rewriteRule)
      .default([])
      .describe("Rules of CoreDNS's plugin rewrite, in their order, without the word rewrite. By default none."),
    extraServerBlocks: z
      .array(z.array(line).min(1, { error: "at least one line" }))
      .default([])
      .describe(
        "More server blocks of the Corefile, each a list of lines from `NAME:53 {` to `}`. CoreDNS reads them as they are. By default none.",
      ),
  })
  .prefault({})
  .describe("CoreDNS.");
