import { type Bad, bad } from "./bad-sample.ts";

// What kernels and kubelets are told.

export const badNodes: readonly Bad[] = [
  ...["net.ipv4.ip_forward", "net/ipv4/ip_forward", "net.ipv4.conf.all.forwarding", "net.bridge.bridge-nf-call-iptables"].map(
    (name) =>
      bad(
        `sysctl ${name} off`,
        (c) => {
          c.hostPreparation = { extraSysctl: { [name]: "0" } };
        },
        `cluster.hostPreparation.extraSysctl.${name}`,
      ),
  ),
  ...(
    [
      ["memory", "524288ki"],
      ["memory", "5x"],
      ["ephemeral-storage", "10GiB"],
      ["cpu", "1Gi"],
      ["cpu", "2000"],
      ["pid", "1Ki"],
    ] as const
  ).map(([resource, amount]) =>
    bad(
      `${amount} of ${resource}`,
      (c) => {
        c.kubelet = { systemReserved: { [resource]: amount } };
      },
      `cluster.kubelet.systemReserved.${resource}`,
    ),
  ),
  bad(
    "a time zone in small letters",
    (c) => {
      c.hostPreparation = { timeZone: "europe/berlin" };
    },
    "cluster.hostPreparation.timeZone",
  ),
];
