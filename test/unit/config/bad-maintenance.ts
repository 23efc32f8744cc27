import { type Bad, bad } from "./bad-sample.ts";

// Maintenance of all hosts.

export const badMaintenance: readonly Bad[] = [
  bad(
    "maintenance without a word, and kinds that there are none of",
    (c) => {
      c.maintenance = { packages: "kernel", reboot: "maybe", rebootTimeoutSeconds: 5 };
    },
    "cluster.maintenance.id",
    "cluster.maintenance.packages",
    "cluster.maintenance.reboot",
    "cluster.maintenance.rebootTimeoutSeconds",
  ),
  bad(
    "a word of maintenance with a blank",
    (c) => {
      c.maintenance = { id: "december 2026" };
    },
    "cluster.maintenance.id",
  ),
  bad(
    "maintenance with nothing to do",
    (c) => {
      c.maintenance = { id: "2026-12", packages: "none", reboot: "never" };
    },
    "cluster.maintenance.packages",
  ),
  bad(
    "a reboot of the machine that the program runs on",
    (c) => {
      c.hosts.w1 = { address: c.hosts.w1.address, roles: ["worker"], pool: "general", connection: "local" };
      c.maintenance = { id: "2026-12" };
    },
    "cluster.maintenance.reboot",
  ),
  bad(
    "a reboot of the bastion on the way to the others",
    (c) => {
      c.ssh = { ...c.ssh, bastion: { host: c.hosts.m1.address, hostKey: c.hosts.m1.hostKey } };
      c.hosts.m1.sshBastion = "none";
      c.maintenance = { id: "2026-12", reboot: "always" };
    },
    "cluster.maintenance.reboot",
  ),
];
