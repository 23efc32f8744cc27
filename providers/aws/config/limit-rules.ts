import { range } from "../../../config/addresses.ts";
import { oneProblem, type Problem, shown } from "../../../config/problems.ts";
import { at, type Rule } from "../../../config/rules/rule.ts";
import { machineSettings, zoneOf } from "./machines.ts";
import type { AwsCluster } from "./schema.ts";
import { subnetLayout } from "./subnets.ts";

// Limits of AWS that its API would name in the middle of an `up`.

const rootDisks: Rule<AwsCluster> = {
  says: "A root disk's `iops` are at most 500 a GiB, from 3000 on free of size; its throughput is at most a quarter of them.",
  check(cluster) {
    return machineSettings(cluster).flatMap(({ path, rootDisk: disk }): Problem[] => {
      if (disk === undefined) return [];
      const key = `${path}.rootDisk`;
      const most = Math.max(3000, 500 * disk.sizeGibibytes);
      if (disk.iops > most)
        return oneProblem(`${key}.iops`, `is ${disk.iops}`, `at most ${most} for gp3 of ${disk.sizeGibibytes} GiB`);
      if (disk.throughputMebibytes <= disk.iops / 4) return [];
      const allowed = `at most ${Math.floor(disk.iops / 4)}: a quarter of ${key}.iops`;
      return oneProblem(`${key}.throughputMebibytes`, `is ${disk.throughputMebibytes}`, allowed);
    });
  },
};

const subnetRoom: Rule<AwsCluster> = {
  says: "Each zone's private subnet has an address for each of its hosts; an existing VPC's subnets are different ones.",
  check(cluster) {
    const { aws, hosts } = cluster;
    const { existing, vpcCidr } = aws.network;
    if (existing !== undefined)
      return (["privateSubnetIds", "publicSubnetIds"] as const).flatMap((kind) => {
        const entries = Object.entries(existing[kind]);
        return entries.flatMap(([zone, id], index) => {
          const first = entries.findIndex(([, other]) => other === id);
          if (first === index) return [];
          const found = `is ${shown(id)}, as is that of ${entries[first]?.[0]}`;
          return oneProblem(at("aws", "network", "existing", kind, zone), found, "the subnet of this zone: a subnet is in one");
        });
      });
    const counts = new Map<string, number>();
    for (const [name, host] of Object.entries(hosts)) {
      const zone = zoneOf(name, host, aws.zones);
      counts.set(zone, (counts.get(zone) ?? 0) + 1);
    }
    return subnetLayout(vpcCidr, aws.zones).flatMap(({ zone, private: subnet }) => {
      // AWS keeps five (VPC User Guide, "Subnet CIDR blocks").
      const room = 2 ** (32 - range(subnet).prefix) - 5;
      const wanted = counts.get(zone) ?? 0;
      if (wanted <= room) return [];
      const found = `is ${shown(vpcCidr)}, with ${room} addresses in ${zone} for ${wanted} hosts`;
      return oneProblem(at("aws", "network", "vpcCidr"), found, "a larger range, or more zones");
    });
  },
};

const kmsRegion: Rule<AwsCluster> = {
  says: "`aws.kmsKey` is of the zones' region.",
  check({ aws }) {
    const region = aws.zones[0]?.slice(0, -1);
    if (aws.kmsKey === undefined || region === undefined || aws.kmsKey.split(":")[3] === region) return [];
    return oneProblem(at("aws", "kmsKey"), `is ${shown(aws.kmsKey)}`, `a key of ${region}, where the volumes are`);
  },
};

/** What the program itself, Kubernetes' controllers and Pulumi add. */
const ownTags = 5;

const tags: Rule<AwsCluster> = {
  says: "`aws.tags` are at most 45, with keys of at most 128 characters that don't begin with aws: and values of at most 256.",
  check({ aws }) {
    const entries = Object.entries(aws.tags);
    const key = at("aws", "tags");
    const problems = entries.flatMap(([name, value]): Problem[] => {
      if (/^aws:/i.test(name)) return oneProblem(at("aws", "tags", name), "is reserved", "a key that doesn't begin with aws:");
      if (name.length > 128 || value.length > 256)
        return oneProblem(at("aws", "tags", name), "is too long", "a key of 128, a value of 256 characters");
      return [];
    });
    if (entries.length <= 50 - ownTags) return problems;
    return [
      ...problems,
      { key, found: `has ${entries.length} tags`, allowed: `at most ${50 - ownTags}: AWS takes 50, some are the program's` },
    ];
  },
};

/** A line of authorized_keys: options, a kind and a key. */
const publicKey =
  /(^|\s)(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) AAAA[A-Za-z0-9+/]+={0,3}(\s|$)/;

const logins: Rule<AwsCluster> = {
  says: "`aws.ssh.user` is not root, whom the images let in nowhere; `aws.ssh.authorizedKeys` are public keys, no paths of files.",
  check({ aws }) {
    const user: Problem[] =
      aws.ssh.user === "root"
        ? oneProblem(at("aws", "ssh", "user"), 'is "root"', "another name, such as ops: images let root in nowhere")
        : [];
    const keys = aws.ssh.authorizedKeys.flatMap((line, index): Problem[] =>
      publicKey.test(line) || line.startsWith("#")
        ? []
        : oneProblem(
            at("aws", "ssh", "authorizedKeys", index),
            `is ${shown(line)}`,
            "a public key's own line, such as ssh-ed25519 AAAA…",
          ),
    );
    return [...user, ...keys];
  },
};

/** Rules about AWS's limits. */
export const awsLimitRules: readonly Rule<AwsCluster>[] = [rootDisks, subnetRoom, kmsRegion, tags, logins];
