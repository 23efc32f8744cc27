import { type Bad, bad } from "./bad-sample.ts";

// Add-ons of the user's own.

export const badCustomAddons: readonly Bad[] = [
  bad(
    "CoreDNS without the cluster's own names, with blocks that it does not read, and with less than it asks for",
    (c) => {
      c.addons = {
        coredns: {
          stubDomains: { local: ["10.0.0.53"], "corp.example.com": ["10.0.0.53"] },
          extraServerBlocks: [
            ["example.com:53 {", "  whoami"],
            [". {", "  whoami", "}"],
            ["example.org {", "  file a {", "  }", "}"],
          ],
          cpuLimit: "50m",
        },
      };
    },
    ...["stubDomains.local", "extraServerBlocks[0]", "extraServerBlocks[1]", "cpuLimit"].map(
      (key) => `cluster.addons.coredns.${key}`,
    ),
  ),
  bad(
    "CoreDNS with name servers, rules and sizes that are none",
    (c) => {
      c.addons = { coredns: { stubDomains: { "a.example.com": ["ns1"] }, rewrites: ["forward all"], cacheEntries: 10 } };
    },
    ...["cacheEntries", "stubDomains.a.example.com[0]", "rewrites[0]"].map((key) => `cluster.addons.coredns.${key}`),
  ),
  bad(
    "an add-on that installs nothing",
    (c) => {
      c.addons = { custom: { web: { namespace: "web" } } };
    },
    "cluster.addons.custom.web",
  ),
  bad(
    "an add-on in a namespace of the cluster's own",
    (c) => {
      c.addons = { custom: { web: { files: ["web.yaml"], namespace: "kube-system" } } };
    },
    "cluster.addons.custom.web.namespace",
  ),
  bad(
    "a Secret in the stack's file",
    (c) => {
      const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "login" }, stringData: { password: "word" } };
      c.addons = { custom: { web: { objects: [secret] } } };
    },
    "cluster.addons.custom.web.objects[0]",
  ),
  bad(
    "charts from nowhere, from two places, without a version, and with a version that the chart itself has",
    (c) => {
      const charts = {
        a: {},
        b: { path: "chart", repository: "oci://ghcr.io/example" },
        c: { repository: "https://charts.example.com", name: "web" },
        d: { path: "chart.tgz", version: "1.2.3" },
      };
      c.addons = { custom: Object.fromEntries(Object.entries(charts).map(([name, chart]) => [name, { chart }])) };
    },
    ...["a.chart", "b.chart", "c.chart.version", "d.chart.version"].map((key) => `cluster.addons.custom.${key}`),
  ),
  bad(
    "names, numbers and objects that are none",
    (c) => {
      c.addons = {
        custom: { web: { objects: ["kind: ConfigMap"], namespace: "Web", order: -1, timeoutSeconds: 0, wait: "yes" } },
      };
    },
    ...["objects[0]", "namespace", "order", "wait", "timeoutSeconds"].map((key) => `cluster.addons.custom.web.${key}`),
  ),
];
