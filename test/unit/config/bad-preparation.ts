import { aws } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// How hosts are prepared.

export const badPreparation: readonly Bad[] = [
  bad(
    "a firewall with a misspelled policy",
    (c) => {
      c.hostPreparation = { firewall: { policy: "dropp" } };
    },
    "cluster.hostPreparation.firewall.policy",
  ),
  bad(
    "ports of a firewall in the wrong order, and a range that is not even",
    (c) => {
      c.hostPreparation = { firewall: { allow: [{ port: 9100, lastPort: 9000, from: ["10.0.0.5/24"] }] } };
    },
    "cluster.hostPreparation.firewall.allow[0].lastPort",
    "cluster.hostPreparation.firewall.allow[0].from[0]",
  ),
  bad(
    "a host that turns sshd off",
    (c) => {
      c.hosts.w1.hostPreparation = { disabledServices: ["postfix", "ssh"] };
    },
    "cluster.hosts.w1.hostPreparation.disabledServices[1]",
  ),
  bad(
    "units other than services, and services that hosts are reached, named and booted by",
    (c) => {
      c.hostPreparation = {
        disabledServices: [
          ...["local-fs.target", "multi-user.target", "srv.mount", "dhcpcd", "ifup@eth0", "wickedd", "netplan-wpa@wlan0.service"],
          ...[
            "sssd",
            "cloud-init",
            "dnsmasq",
            "lvm2-monitor",
            "dbus.socket",
            "ssh@1",
            "cups.path",
            "nginx",
            "frr",
            "man-db.timer",
          ],
        ],
      };
    },
    ...Array.from({ length: 13 }, (_, index) => `cluster.hostPreparation.disabledServices[${index}]`),
  ),
  bad(
    "a unit whose name reads as an option",
    (c) => {
      c.hostPreparation = { disabledServices: ["-.mount"] };
    },
    "cluster.hostPreparation.disabledServices[0]",
  ),
  bad(
    "nginx turned off where it is the balancer",
    (c) => {
      c.balancer = { ...c.balancer, kind: "nginx" };
      c.hosts.m1.hostPreparation = { disabledServices: ["nginx.service", "frr"] };
    },
    "cluster.hosts.m1.hostPreparation.disabledServices[0]",
  ),
  bad(
    "FRR turned off where it announces the API's address",
    (c) => {
      c.api.address = "10.9.0.10";
      c.balancer = { address: "routed", routed: { protocol: "ospf" }, interface: "eth0" };
      c.hostPreparation = { disabledServices: ["nginx", "frr"] };
    },
    "cluster.hostPreparation.disabledServices[1]",
  ),
  bad(
    "packages that exclude the cluster's own",
    (c) => {
      c.hostPreparation = { extraPackages: ["docker.io", "ntpsec", "kubelet", "podman"] };
    },
    ...[0, 1, 2].map((index) => `cluster.hostPreparation.extraPackages[${index}]`),
  ),
  bad(
    "a host that turns forwarding off",
    (c) => {
      c.hosts.w1.hostPreparation = { extraSysctl: { "net.ipv4.ip_forward": "0" } };
    },
    "cluster.hosts.w1.hostPreparation.extraSysctl.net.ipv4.ip_forward",
  ),
  {
    mistake: "names of all hosts whose addresses the provider gives",
    from: aws,
    edit: (c) => {
      c.hostPreparation = { hostsFile: "all" };
    },
    keys: ["cluster.hostPreparation.hostsFile"],
  },
];
