import { z } from "zod";
import type { Cluster, HostConfig } from "../../../config/schema.ts";
import { ipv4Range, line, oneOf, onOff, qualifiedName, userName, whole } from "../../../config/values.ts";

// What only provider aws knows. The region is Pulumi's own key `aws:region`; credentials are the provider's own too.

const matching = (pattern: RegExp, allowed: string) => z.string({ error: allowed }).regex(pattern, { error: allowed });
const resourceId = (prefix: string) =>
  matching(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `an id such as ${prefix}-0123456789abcdef0`);

/** An availability zone, by name. */
const zone = matching(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "an availability zone such as eu-central-1a");

/** An instance type. */
const instanceType = matching(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, "an instance type such as m7i.large or t4g.medium");

const kmsKey = matching(
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
  "the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID",
);

/** gp3: 3,000 to 16,000 IOPS and 125 to 1,000 MiB/s (Amazon EBS User Guide, General Purpose SSD volumes). */
const rootDiskSchema = z.strictObject({
  sizeGibibytes: whole(8, 16_384).default(30).describe("Its size."),
  iops: whole(3000, 16_000).default(3000).describe("Operations a second. 3000 is gp3's baseline."),
  throughputMebibytes: whole(125, 1000).default(125).describe("MiB a second. 125 is gp3's baseline."),
});

/** Which operating system an instance is born with. */
const imageSchema = z.strictObject({
  os: oneOf(["ubuntu-24.04", "debian-12"])
    .default("ubuntu-24.04")
    .describe("The newest image of it that its makers publish for the instance's architecture, when the instance is made."),
  id: resourceId("ami").optional().describe("An image of your own, by id, in place of that: Ubuntu 24.04 or Debian 12."),
  owner: matching(/^(\d{12}|self|amazon)$/, "an account's 12 digits, self or amazon")
    .optional()
    .describe("An image by owner and name, in place of that: who owns it. Quote the digits."),
  name: line.min(1).optional().describe("Its name; * stands for any text. The newest one of that name is taken."),
});

/** Machines of one role. */
const machineSchema = (type: string) =>
  z
    .strictObject({
      instanceType: instanceType.default(type).describe("Its type, of the Nitro kind. It says the architecture too."),
      rootDisk: rootDiskSchema.prefault({}).describe("The root disk, gp3, encrypted. It goes with the instance."),
      image: imageSchema
        .prefault({})
        .describe("The operating system. A newer release alone replaces no instance; a change here does."),
    })
    .prefault({});

/** What one host has that differs from its role's or pool's machines. */
export const hostAwsSchema = z
  .strictObject({
    zone: zone
      .optional()
      .describe("Its zone. By default that of the number its name ends in: the first zone for 1, and so on around."),
    instanceType: instanceType.optional().describe("Its type. By default that of its pool or role."),
    rootDisk: rootDiskSchema.optional().describe("Its root disk. By default that of its role."),
    image: imageSchema.optional().describe("Its operating system. By default that of its role."),
    generation: whole(1, 1_000_000)
      .default(1)
      .describe("Raise it to have a new instance in place of this one; address, host key and etcd's volume stay."),
  })
  .optional()
  .describe("What differs for this host on aws; refused elsewhere.");

/** What a worker pool has that differs from `aws.machines.worker`. */
export const poolAwsSchema = z
  .strictObject({
    instanceType: instanceType.optional().describe("Their type. By default aws.machines.worker's."),
    rootDisk: rootDiskSchema.optional().describe("Their root disk. By default aws.machines.worker's."),
    image: imageSchema.optional().describe("Their operating system. By default aws.machines.worker's."),
    spot: onOff
      .default(false)
      .describe("Spot instances: cheaper, and stopped whenever AWS wants them back; they come again when there is room."),
  })
  .optional()
  .describe("What differs for this pool's workers on aws; refused elsewhere.");

const subnetIds = (what: string) => z.record(zone, resourceId("subnet")).describe(what);

const networkSchema = z
  .strictObject({
    vpcCidr: ipv4Range
      .default("10.0.0.0/16")
      .describe("The VPC's range, /16 to /24: a private and a public subnet in each zone."),
    natGateways: oneOf(["per-zone", "one"])
      .default("per-zone")
      .describe("How hosts reach the internet. one is cheaper, and a lost zone takes every zone's way out with it."),
    existing: z
      .strictObject({
        vpcId: resourceId("vpc").describe("The VPC. It resolves DNS and has DNS host names on."),
        privateSubnetIds: subnetIds("A subnet for hosts in each of aws.zones, with a way to the internet or to a mirror."),
        publicSubnetIds: subnetIds("A public subnet in each of aws.zones: for a public API or a bastion.").default({}),
      })
      .optional()
      .describe("An existing VPC, used instead of a new one; vpcCidr and natGateways are then ignored."),
  })
  .prefault({})
  .describe("Where instances are.");

const bastionSchema = z
  .strictObject({
    instanceType: instanceType.default("t4g.nano").describe("Its type."),
    allowedCidrs: z
      .array(ipv4Range)
      .min(1, { error: "at least one IPv4 range" })
      .describe("Who may reach its sshd: nobody else."),
  })
  .optional()
  .describe(
    "A small instance with a public address, through which the program reaches hosts. By default none: hosts are reached directly, from inside the VPC or by your VPN.",
  );

/** The aws provider's settings. */
export const awsSchema = z
  .strictObject({
    zones: z
      .array(zone)
      .min(1, { error: "at least one availability zone" })
      .describe(
        "Availability zones to spread over, 2 or 3 of the region in aws:region. Their order says which host is where, so it doesn't change.",
      ),
    network: networkSchema,
    api: z
      .strictObject({
        public: onOff
          .default(false)
          .describe("Whether the API's balancer has public addresses. By default it has private ones only."),
        allowedCidrs: z
          .array(ipv4Range)
          .default([])
          .describe(
            "Who may reach the API beside the hosts. Required for a public one, and in an existing VPC the addresses of its NAT gateways belong to it, from which hosts come; for a private one by default the VPC's range, or nodeCidrs in an existing VPC.",
          ),
        hostedZone: z
          .strictObject({
            id: matching(/^Z[A-Z0-9]{5,31}$/, "a hosted zone's id such as Z0123456789ABCDEFGHIJ").describe("Its id."),
            name: qualifiedName.describe("Its domain; api.domainName is in it."),
          })
          .optional()
          .describe(
            "A Route 53 zone of yours in which api.domainName becomes an alias of the balancer. By default a private zone for this name alone is made.",
          ),
      })
      .prefault({})
      .describe("The Network Load Balancer in front of the apiservers."),
    ssh: z
      .strictObject({
        user: userName
          .default("ops")
          .describe("Who the program logs in as; made by user data, with sudo and a key that the program makes."),
        authorizedKeys: z
          .array(line)
          .default([])
          .describe("More public keys that may log in, one line each. Read when an instance is made. By default none."),
        allowedCidrs: z
          .array(ipv4Range)
          .default([])
          .describe("Who may reach the hosts' sshd directly, such as your VPN's range. By default nobody but the bastion."),
        bastion: bastionSchema,
      })
      .prefault({})
      .describe("How hosts are reached; in place of the key ssh."),
    machines: z
      .strictObject({
        controlPlane: machineSchema("m7i.large").describe("Control planes, with or without etcd."),
        etcd: machineSchema("m7i.large").describe("Hosts of role etcd alone."),
        worker: machineSchema("m7i.large").describe("Workers."),
      })
      .prefault({})
      .describe("Instances by role."),
    etcdVolume: z
      .strictObject({
        type: oneOf(["gp3", "io2"]).default("gp3").describe("Its type. io2 has steadier latency, and costs more."),
        sizeGibibytes: whole(8, 16_384).default(20).describe("Its size; it can be raised."),
        iops: whole(100, 256_000).default(3000).describe("Operations a second: 3000 to 16000 for gp3."),
        throughputMebibytes: whole(125, 1000).default(125).describe("MiB a second, for gp3."),
        protect: onOff
          .default(false)
          .describe("Refuse to delete volumes: removing a member or destroying the stack then needs an `up` with false first."),
      })
      .prefault({})
      .describe("Every etcd member's own encrypted volume. It outlives the instance."),
    bucket: z
      .strictObject({
        snapshotDays: whole(1, 36_500)
          .default(30)
          .describe("How long a copy of a snapshot is kept; what overwrote or deleted one is undone for as long again."),
        deleteWithStack: onOff
          .default(false)
          .describe("true: `destroy` deletes the bucket with every snapshot in it. By default it leaves the bucket behind."),
      })
      .prefault({})
      .describe(
        "The bucket for copies of etcd's snapshots, unless etcd.backup.copyToS3 names one, and for what instances of auto-scaling pools start with.",
      ),
    kmsKey: kmsKey.optional().describe("The key that volumes are encrypted with. By default the account's own for EBS."),
    tags: z
      .record(line.min(1), line)
      .default({})
      .describe("Tags of everything that is made, beside the program's own. By default none."),
  })
  .optional()
  .describe("The aws provider's settings. Required for provider aws, refused for others.");

export type AwsConfig = NonNullable<z.output<typeof awsSchema>>;
export type AwsHost = HostConfig & { aws?: z.output<typeof hostAwsSchema> };
type AwsPool = Cluster["pools"][string] & { aws?: z.output<typeof poolAwsSchema> };
/** A cluster of provider aws. */
export type AwsCluster = Omit<Cluster, "hosts" | "pools"> & {
  aws: AwsConfig;
  hosts: Record<string, AwsHost>;
  pools: Record<string, AwsPool>;
};
export type Image = z.output<typeof imageSchema>;
export type RootDisk = z.output<typeof rootDiskSchema>;
