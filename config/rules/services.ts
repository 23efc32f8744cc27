import { buildsBalancer, isRouted } from "../api.ts";
import { oneProblem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { eachPreparation } from "./preparation.ts";
import type { Rule } from "./rule.ts";

// Services that a config may turn off, and those that it may not.

/** Kinds of units besides `.service`, which may be left out. The others hold mounts, devices and stages of the boot. */
const kinds = ["service", "socket", "timer", "path"];
const otherKinds = /\.(automount|device|mount|scope|slice|snapshot|swap|target)$/;

/** Units, by name without `.service` and the like, that no cluster of ours may go without, with the reason. */
const needed: readonly [names: RegExp, reason: string][] = [
  [/^(containerd|kubelet|etcd|haproxy|keepalived|chronyd?|nftables|ha-kubernetes-.*)$/, "the cluster runs it"],
  [/^(systemd-.*|dbus(-.*)?)$/, "systemd needs it"],
  [/^sshd?(@.*|-.*|\.\w+)?$/, "the host is reached by it"],
  [
    /^(NetworkManager|networking|network|ifup@.*|ifplugd.*|dhcpcd(@.*)?|dhclient(@.*)?|wicked.*|connman|netplan-.*|netctl.*|wpa_supplicant(@.*|-.*)?|iwd|openvswitch.*|ovs.*|wg-quick@.*|openvpn.*|tailscaled)$/,
    "the host may be in the network by it",
  ],
  [/^(resolvconf.*|named(-.*)?|bind9|unbound.*|dnsmasq(@.*)?|nscd|unscd)$/, "the host may find names by it"],
  [/^(sssd(-.*)?|nslcd|winbind|samba-ad-dc|oddjobd|realmd|krb5-.*)$/, "logins of the host may go by it"],
  [/^(cloud-(init|config|final).*|ignition-.*|afterburn.*)$/, "the host may have its network and keys from it"],
  [/^(lvm2?-.*|dm-event|blk-availability|mdadm.*|mdmonitor.*|mdmon@.*|zfs-.*)$/, "disks may come by it"],
];

const reasonToKeep = (unit: string, cluster: Cluster): string | undefined => {
  const name = unit.replace(new RegExp(`\\.(${kinds.join("|")})$`), "");
  if (otherKinds.test(unit)) return "it is not a service";
  if (name === "nginx" && buildsBalancer(cluster) && cluster.balancer.kind === "nginx") return "it is the API's balancer";
  if (name === "frr" && isRouted(cluster)) return "it announces the API's address";
  return needed.find(([names]) => names.test(name))?.[1];
};

const neededServices: Rule = {
  says: "`hostPreparation.disabledServices` names services, sockets, timers and paths alone, and none that the program runs, or that hosts may be reached, named or booted by.",
  check: (cluster) =>
    eachPreparation(cluster, ({ disabledServices }, at) =>
      disabledServices.flatMap((unit, index) => {
        const reason = reasonToKeep(unit, cluster);
        if (reason === undefined) return [];
        const allowed = "a service, socket, timer or path that neither the cluster nor its hosts need";
        return oneProblem(at("disabledServices", index), `is ${shown(unit)}: ${reason}`, allowed);
      }),
    ),
};

/** Rules about services that are turned off. */
export const serviceRules: readonly Rule[] = [neededServices];
