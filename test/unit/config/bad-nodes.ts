import { type Bad, bad } from "./samples.ts";

// What kernels and kubelets are told.

const bytes = "an amount of bytes such as 512Mi or 1Gi, with Ki, Mi, Gi, Ti or k, M, G, T";
const processors = "an amount of processors such as 100m or 2";

/** Each with its exact message. */
export const badNodes: readonly Bad[] = [
  ...["net.ipv4.ip_forward", "net/ipv4/ip_forward", "net.ipv4.conf.all.forwarding", "net.bridge.bridge-nf-call-iptables"].map(
    (name) =>
      bad(
        `sysctl ${name} off`,
        (c) => {
          c.hostPreparation = { extraSysctl: { [name]: "0" } };
        },
        `cluster.hostPreparation.extraSysctl.${name} is "0" | allowed: 1: pods of different nodes, and Services, are reached by it`,
      ),
  ),
  ...(
    [
      ["memory", "524288ki", bytes],
      ["memory", "5x", bytes],
      ["ephemeral-storage", "10GiB", bytes],
      ["cpu", "1Gi", processors],
      ["cpu", "2000", processors],
      ["pid", "1Ki", "a whole number such as 1000"],
    ] as const
  ).map(([resource, amount, allowed]) =>
    bad(
      `${amount} of ${resource}`,
      (c) => {
        c.kubelet = { systemReserved: { [resource]: amount } };
      },
      `cluster.kubelet.systemReserved.${resource} is "${amount}" | allowed: ${allowed}`,
    ),
  ),
  bad(
    "a time zone in small letters",
    (c) => {
      c.hostPreparation = { timeZone: "europe/berlin" };
    },
    'cluster.hostPreparation.timeZone is "europe/berlin" | allowed: with its capitals: Europe/Berlin',
  ),
];
