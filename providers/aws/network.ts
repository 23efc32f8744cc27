import type * as pulumi from "@pulumi/pulumi";
import type { AwsCluster } from "./config/schema.ts";
import { subnetLayout } from "./config/subnets.ts";
import { AwsPart } from "./part.ts";
import {
  Eip,
  InternetGateway,
  NatGateway,
  Route,
  RouteTable,
  RouteTableAssociation,
  Subnet,
  Vpc,
  VpcEndpoint,
} from "./resources.ts";
import { clusterTag, tagsOf } from "./tags.ts";

export interface NetworkArgs {
  /** The cluster's config: its name, `aws.network`, `aws.zones` and `aws.tags`. */
  cluster: Pick<AwsCluster, "name" | "aws">;
  /** The region of the zones. */
  region: string;
}

/** The VPC of the config: an existing one, or a new one with a private and a public subnet in each zone. */
export class Network extends AwsPart {
  readonly vpcId: pulumi.Input<string>;
  /** Ids of the subnets where instances are, by zone. */
  readonly privateSubnets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids of the subnets that the internet reaches, by zone. */
  readonly publicSubnets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Public addresses of the NAT gateways, by which hosts go out, by zone. Empty where the VPC exists already. */
  readonly natAddresses: Readonly<Record<string, pulumi.Input<string>>>;
  /** What the ways out need: instances wait for it, and go before it. Not registered as an output. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: NetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super("Network", name, options);
    const { existing } = args.cluster.aws.network;
    if (existing === undefined) {
      const made = this.create(args);
      this.vpcId = made.vpcId;
      this.privateSubnets = made.privateSubnets;
      this.publicSubnets = made.publicSubnets;
      this.natAddresses = made.natAddresses;
      this.ready = made.ready;
    } else {
      this.vpcId = existing.vpcId;
      this.privateSubnets = existing.privateSubnetIds;
      this.publicSubnets = existing.publicSubnetIds;
      this.natAddresses = {};
      this.ready = [];
    }
    const { vpcId, privateSubnets, publicSubnets, natAddresses } = this;
    this.registerOutputs({ vpcId, privateSubnets, publicSubnets, natAddresses });
  }

  private create({ cluster, region }: NetworkArgs) {
    const { network, zones } = cluster.aws;
    const { own } = this;
    const tags = (name: string, more?: Record<string, string>) => tagsOf(cluster, name, more);
    const vpc = new Vpc(
      "vpc",
      { cidrBlock: network.vpcCidr, enableDnsSupport: true, enableDnsHostnames: true, tags: tags("vpc") },
      own,
    );
    const gateway = new InternetGateway("internet", { vpcId: vpc.id, tags: tags("internet") }, own);
    const table = (name: string) => new RouteTable(name, { vpcId: vpc.id, tags: tags(name) }, own);
    const publicTable = table("public");
    const ready: pulumi.Resource[] = [
      new Route("public", { routeTableId: publicTable.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id }, own),
    ];
    const privateSubnets: Record<string, pulumi.Input<string>> = {};
    const publicSubnets: Record<string, pulumi.Input<string>> = {};
    const natAddresses: Record<string, pulumi.Input<string>> = {};
    const tables: RouteTable[] = [publicTable];
    let nat: NatGateway | undefined;
    for (const { zone, private: privateCidr, public: publicCidr } of subnetLayout(network.vpcCidr, zones)) {
      const subnet = (kind: "private" | "public", cidrBlock: string) =>
        new Subnet(
          `${kind}-${zone}`,
          {
            vpcId: vpc.id,
            availabilityZone: zone,
            cidrBlock,
            // By these, cloud-provider-aws finds where balancers of Services go.
            tags: tags(`${kind}-${zone}`, {
              ...clusterTag(cluster),
              [`kubernetes.io/role/${kind === "private" ? "internal-elb" : "elb"}`]: "1",
            }),
          },
          own,
        );
      const [inner, outer] = [subnet("private", privateCidr), subnet("public", publicCidr)];
      privateSubnets[zone] = inner.id;
      publicSubnets[zone] = outer.id;
      if (nat === undefined || network.natGateways === "per-zone") {
        const address = new Eip(`nat-${zone}`, { domain: "vpc", tags: tags(`nat-${zone}`) }, { ...own, dependsOn: gateway });
        natAddresses[zone] = address.publicIp;
        nat = new NatGateway(
          `nat-${zone}`,
          { subnetId: outer.id, allocationId: address.id, tags: tags(`nat-${zone}`) },
          { ...own, dependsOn: gateway },
        );
      }
      const privateTable = table(`private-${zone}`);
      tables.push(privateTable);
      ready.push(
        new RouteTableAssociation(`public-${zone}`, { subnetId: outer.id, routeTableId: publicTable.id }, own),
        new RouteTableAssociation(`private-${zone}`, { subnetId: inner.id, routeTableId: privateTable.id }, own),
        new Route(
          `private-${zone}`,
          { routeTableId: privateTable.id, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.id },
          own,
        ),
      );
    }
    // Snapshots to S3, and a mirror there, don't pay for NAT.
    const s3 = new VpcEndpoint(
      "s3",
      {
        vpcId: vpc.id,
        vpcEndpointType: "Gateway",
        serviceName: `com.amazonaws.${region}.s3`,
        routeTableIds: tables.map(({ id }) => id),
        tags: tags("s3"),
      },
      own,
    );
    return { vpcId: vpc.id, privateSubnets, publicSubnets, natAddresses, ready: [...ready, s3] };
  }
}
