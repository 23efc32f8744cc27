import type { ClusterConfig } from "./samples.ts";

// Faults of hosts with which an `up` is refused as a whole, on m1, w1 and w2 of one cluster.

/** The faults of each host: how to plant each, the message that names it, and the cure. w2 has nothing but its machine id, which w1 has, too. */
export const firstFaults = (config: ClusterConfig): Record<string, [plant: string, message: RegExp, cure: string][]> => ({
  m1: [
    [
      "systemd-run --quiet --unit squatter socat TCP-LISTEN:6443,fork,reuseaddr /dev/null; until ss -Hltn | grep -q :6443; do sleep 0.1; done",
      /port 6443 is taken by socat: stop that, kube-apiserver needs it/,
      "systemctl stop squatter",
    ],
    [
      "mkdir -p /etc/kubernetes/pki; echo x >/etc/kubernetes/pki/ca.crt",
      /\/etc\/kubernetes holds pki: something else left that\. Move it away/,
      "rm -r /etc/kubernetes",
    ],
    ["useradd --system etcd", /a user etcd is here already/, "userdel etcd"],
    [
      "printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/kubelet.service; systemctl daemon-reload",
      /a service kubelet is here already/,
      "rm /etc/systemd/system/kubelet.service; systemctl daemon-reload",
    ],
    // w1 answers for the API's address.
    ["true", /the API's address \S+ is in use: \S+ answers for it/, "true"],
  ],
  w1: [
    [`ip address add ${config.api.address}/32 dev eth0`, /in use/, `ip address del ${config.api.address}/32 dev eth0`],
    [
      "mkdir -p /var/lib/ha-kubernetes; echo other/0011aabb >/var/lib/ha-kubernetes/owner",
      /this host belongs to cluster other\/0011aabb, not to /,
      "rm -r /var/lib/ha-kubernetes",
    ],
    [
      `cp /etc/hosts /root/hosts; echo "192.0.2.1 ${config.api.domainName}" >>/etc/hosts`,
      /\/etc\/hosts says that \S+ is 192\.0\.2\.1/,
      "cat /root/hosts >/etc/hosts; rm /root/hosts",
    ],
    [
      "ip route add blackhole 10.244.7.0/24",
      /its route to 10\.244\.7\.0\/24 \(blackhole\) lies in network\.podCidr/,
      "ip route del blackhole 10.244.7.0/24",
    ],
    [
      "nft 'table inet hard { chain input { type filter hook input priority 5; ct state established accept; tcp dport 22 accept; icmp type echo-request accept; tcp dport 10250 drop; }; }'",
      /chain inet hard input drops what the cluster needs: tcp 10250/,
      "nft delete table inet hard",
    ],
    [
      "mount -t tmpfs tmpfs /var/cache/ha-kubernetes/bundle",
      /files of the bundle are missing on this host: \/var\/cache\/ha-kubernetes\/bundle\/\S+ and others/,
      "umount /var/cache/ha-kubernetes/bundle",
    ],
    [
      "mkdir -p /etc/cni/net.d; echo '{}' >/etc/cni/net.d/87-podman.conflist",
      /\/etc\/cni\/net\.d holds 87-podman\.conflist/,
      "rm -r /etc/cni",
    ],
  ],
});
/** Warnings on w1: the config accepts the first later, the second is mended. */
export const covering = "ip route add 10.0.0.0/8 dev eth0 metric 900";
export const unclear = [
  "nft 'table inet soft { chain site { tcp dport 1 drop; accept; }; chain input { type filter hook input priority 6; policy drop; jump site; }; }'",
  "nft delete table inet soft",
] as const;
/** Packets of full size do not arrive, also where links of the lab carry less than 1500 bytes. */
export const narrow = [
  "nft 'table inet narrow { chain input { type filter hook input priority 4; ip length > 1200 icmp type echo-request drop; }; }'",
  "nft delete table inet narrow",
] as const;
