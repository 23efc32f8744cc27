import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { addressText, inside, overlap, range } from "../../../../config/addresses.ts";
import { parseCluster } from "../../../../config/parse.ts";
import { ports } from "../../../../config/ports.ts";
import type { HostConfig } from "../../../../config/schema.ts";
import { architectureOf, zoneOf } from "../../../../providers/aws/config/machines.ts";
import type { AwsCluster, AwsHost } from "../../../../providers/aws/config/schema.ts";
import { subnetLayout } from "../../../../providers/aws/config/subnets.ts";
import { costs } from "../../../../providers/aws/cost.ts";
import { imageFilter } from "../../../../providers/aws/image.ts";
import { ingress, ingressName } from "../../../../providers/aws/ingress.ts";
import { dataDevice } from "../../../../providers/aws/machine.ts";
import { aws, known, type Written } from "../../../harness/samples.ts";
import "../../../harness/seed.ts";

const allZones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const zoneLists = fc.integer({ min: 1, max: 3 }).map((count) => allZones.slice(0, count));

function clusterOf(edit: (config: Written) => void = () => {}): AwsCluster {
  const config = aws();
  edit(config);
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.cluster as AwsCluster;
}

test("subnets: inside the VPC, apart from each other, with room for hosts and a balancer, the same when a zone is added", () => {
  const vpcs = fc
    .tuple(fc.integer({ min: 16, max: 24 }), fc.nat(2 ** 24 - 1))
    .map(
      ([prefix, place]) =>
        `${addressText(BigInt(10 * 2 ** 24 + Math.floor(place / 2 ** (32 - prefix)) * 2 ** (32 - prefix)))}/${prefix}`,
    );
  fc.assert(
    fc.property(vpcs, zoneLists, (vpc, zones) => {
      const layout = subnetLayout(vpc, zones);
      assert.deepEqual(
        layout.map(({ zone }) => zone),
        zones,
      );
      const ranges = layout.flatMap((it) => [range(it.private), range(it.public)]);
      for (const [place, one] of ranges.entries()) {
        assert.ok(inside(one, range(vpc)));
        assert.equal(`${addressText(one.first)}/${one.prefix}`, one.text, "the host part is zero");
        for (const other of ranges.slice(place + 1)) assert.ok(!overlap(one, other), `${one.text} ${other.text}`);
        // AWS takes 16 addresses at least, and a Network Load Balancer wants 8 free ones of 11.
        assert.ok(one.last - one.first + 1n >= 16n);
      }
      assert.deepEqual(subnetLayout(vpc, allZones).slice(0, zones.length), layout);
    }),
  );
});

test("a host's zone depends on its own name and settings alone, and numbers spread evenly", () => {
  const host = {} as HostConfig;
  fc.assert(
    fc.property(zoneLists, fc.constantFrom("m", "etcd-", "worker-"), fc.integer({ min: 1, max: 200 }), (zones, prefix, count) => {
      const counts = zones.map(
        (zone) =>
          Array.from({ length: count }, (_, i) => zoneOf(`${prefix}${i + 1}`, host, zones)).filter((it) => it === zone).length,
      );
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join(" "));
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/), zoneLists, (name, zones) => {
      assert.ok(zones.includes(zoneOf(name, host, zones)));
    }),
  );
  assert.equal(zoneOf("m1", { aws: { zone: "eu-central-1c" } } as AwsHost, allZones), "eu-central-1c");
});

test("the architecture is in the instance type", () => {
  const arm = [
    "a1.large",
    "t4g.nano",
    "m7g.large",
    "c6gn.xlarge",
    "m7gd.metal",
    "is4gen.large",
    "im4gn.large",
    "x2gd.medium",
    "g5g.xlarge",
    "hpc7g.4xlarge",
    "r8g.large",
  ];
  const intel = [
    "t3.medium",
    "m7i.large",
    "m7i-flex.large",
    "c7a.large",
    "g4dn.xlarge",
    "g5.xlarge",
    "p4d.24xlarge",
    "i4i.large",
    "u-6tb1.metal",
    "x2idn.large",
  ];
  for (const type of arm) assert.equal(architectureOf(type), "arm64", type);
  for (const type of intel) assert.equal(architectureOf(type), "amd64", type);
});

test("ways in are exactly the port table, from nodes; the apiserver also from the balancer", () => {
  const cluster = clusterOf();
  const rules = ingress(cluster);
  for (const role of ["etcd", "control-plane", "worker"] as const) {
    const table = ports([role], cluster).map(({ number, protocol }) => `${number}/${protocol}`);
    const own = rules.filter(({ group }) => group === role);
    assert.deepEqual([...new Set(own.map(({ port, protocol }) => `${port}/${protocol}`))], table);
    for (const { port, from } of own) {
      assert.ok("group" in from && (from.group === "nodes" || (from.group === "api" && port === 6443)), `${role} ${port}`);
    }
  }
  assert.ok(
    rules.some(({ group, port, from }) => group === "control-plane" && port === 6443 && "group" in from && from.group === "api"),
  );
  assert.equal(new Set(rules.map(ingressName)).size, rules.length, "no two rules have one name");
});

test("nobody but the config's ranges may reach the API, sshd and the bastion", () => {
  const from = (cluster: AwsCluster) =>
    ingress(cluster).flatMap(({ group, port, from: source }) => ("cidr" in source ? [`${group} ${port} ${source.cidr}`] : []));
  assert.deepEqual(from(clusterOf()), ["api 6443 10.0.0.0/16", "bastion 22 203.0.113.0/24"]);
  const open = clusterOf((c) => {
    c.aws.api = { public: true, allowedCidrs: ["198.51.100.0/24"] };
    c.aws.ssh = { allowedCidrs: ["10.9.0.0/16"] };
  });
  assert.deepEqual(from(open), ["api 6443 198.51.100.0/24", "nodes 22 10.9.0.0/16"]);
});

test("what costs money is counted", () => {
  const count = (edit?: (config: Written) => void) => {
    const cluster = clusterOf(edit);
    return costs(cluster, cluster.aws);
  };
  assert.deepEqual(count(), [
    "6 instances: 5 m7i.large, 1 t4g.nano",
    "6 root disks of gp3, 158 GiB together",
    "3 volumes of gp3 for etcd, 20 GiB and 3000 IOPS each",
    "1 Network Load Balancer",
    "3 NAT gateways",
    "4 public IPv4 addresses",
    "1 private Route 53 zone",
    "1 S3 bucket, and what lies in it",
  ]);
  const other = count((c) => {
    c.aws.api = { public: true, allowedCidrs: ["198.51.100.0/24"] };
    c.aws.network = { natGateways: "one" };
    c.aws.ssh = { allowedCidrs: ["10.9.0.0/16"] };
    c.hosts.w2.lost = true;
    c.pools.general.aws = { spot: true };
    c.pools.burst = { autoscaling: { minimum: 0, maximum: 9 } };
  });
  assert.deepEqual(
    other.filter((line) => /instance|NAT|public/.test(line)),
    [
      "4 instances: 3 m7i.large, 1 m7i.large spot",
      "1 NAT gateway",
      "4 public IPv4 addresses",
      "pool burst: 0 to 9 more instances with a root disk each",
    ],
  );
});

test("a volume is found by its id", () => {
  assert.equal(dataDevice("vol-0123456789abcdef0"), "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0");
});

test("images: by the maker and architecture, by owner and name, or by id without asking", () => {
  assert.deepEqual(imageFilter({ os: "debian-12" }, "arm64"), { owner: "136693071363", name: "debian-12-arm64-*" });
  assert.match(imageFilter({ os: "ubuntu-24.04" }, "amd64")?.name ?? "", /noble-24\.04-amd64-server-\*$/);
  assert.deepEqual(imageFilter({ os: "ubuntu-24.04", owner: "self", name: "mine-*" }, "amd64"), {
    owner: "self",
    name: "mine-*",
  });
  assert.equal(imageFilter({ os: "ubuntu-24.04", id: "ami-0123456789abcdef0" }, "amd64"), undefined);
});

test("a stack that does not use AWS never loads its package, and only one module names it", () => {
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => { if (/@(pulumi\\/aws|aws-sdk)/.test(url)) loaded.push(url); return next(url, context); } });
    const pulumi = await import("@pulumi/pulumi");
    const { clusterOf, graphOf } = await import("./test/harness/graph.ts");
    await graphOf(clusterOf(1));
    const before = loaded.length;
    await import("./providers/aws/index.ts");
    console.log(before, loaded.length > 0);
  `;
  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: new URL("../../../..", import.meta.url),
    encoding: "utf8",
  });
  assert.equal(said.trim().split("\n").at(-1), "0 true");
  const grep = execFileSync("git", ["grep", "-l", "@pulumi/aws", "--", "*.ts", ":!test"], {
    cwd: new URL("../../../..", import.meta.url),
    encoding: "utf8",
  });
  assert.equal(grep.trim(), "providers/aws/resources.ts");
});

test("code outside of the provider's folder names AWS only where S3 does, and in the registry", () => {
  const files = ["*.ts", "*.sh", "*.mjs", "config/*.json", ":!test", ":!.ci", ":!providers/aws", ":!config/schema.json"];
  const grep = execFileSync("git", ["grep", "-il", "aws", "--", ...files], {
    cwd: new URL("../../../..", import.meta.url),
    encoding: "utf8",
  });
  // S3's own address, and curl's option for S3's signature.
  assert.deepEqual(grep.trim().split("\n"), ["hosts/tools/etcd/backup.ts", "hosts/tools/s3.sh", "providers/registry.ts"]);
});
