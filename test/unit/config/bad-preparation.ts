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
