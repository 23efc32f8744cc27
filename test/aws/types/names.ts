import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  GetHostedZoneCommand,
} from "@aws-sdk/client-route-53";
import { first, type Inputs, type Kinds, only } from "../kind.ts";

function recordSet(inputs: Inputs) {
  const { name: Name, type: Type, ttl: TTL, records, aliases } = inputs;
  if (aliases === undefined) return { Name, Type, TTL, ResourceRecords: records.map((Value: string) => ({ Value })) };
  const alias = only("aliases", first("aliases", aliases as Inputs[]), "name zoneId evaluateTargetHealth");
  const { name: DNSName, zoneId: HostedZoneId, evaluateTargetHealth: EvaluateTargetHealth } = alias;
  return { Name, Type, AliasTarget: { DNSName, HostedZoneId, EvaluateTargetHealth } };
}

const change = (Action: "CREATE" | "UPSERT" | "DELETE", inputs: Inputs) =>
  new ChangeResourceRecordSetsCommand({
    HostedZoneId: inputs.zoneId,
    ChangeBatch: { Changes: [{ Action, ResourceRecordSet: recordSet(inputs) }] },
  });

/** Route 53: zones and records. */
export const nameKinds: Kinds = {
  "aws:route53/zone:Zone": {
    required: "name vpcs",
    optional: "comment forceDestroy tags",
    replaces: "name vpcs",
    create: async ({ route53 }, inputs, { name }) => {
      const { vpcId: VPCId, vpcRegion = process.env.AWS_REGION } = only(
        "vpcs",
        first("vpcs", inputs.vpcs as Inputs[]),
        "vpcId vpcRegion",
      );
      const made = await route53.send(
        new CreateHostedZoneCommand({
          Name: inputs.name,
          CallerReference: `${name}-${Date.now()}`,
          VPC: { VPCId, VPCRegion: vpcRegion },
          HostedZoneConfig: { PrivateZone: true, Comment: inputs.comment ?? "Managed by Pulumi" },
        }),
      );
      return (made.HostedZone?.Id ?? "").replace("/hostedzone/", "");
    },
    read: async ({ route53 }, Id) => {
      const { HostedZone } = await route53.send(new GetHostedZoneCommand({ Id }));
      return { zoneId: Id, arn: `arn:aws:route53:::hostedzone/${Id}`, name: HostedZone?.Name?.replace(/\.$/, "") ?? "" };
    },
    delete: ({ route53 }, Id) => route53.send(new DeleteHostedZoneCommand({ Id })),
  },
  "aws:route53/record:Record": {
    required: "zoneId name type",
    optional: "aliases records ttl allowOverwrite",
    replaces: "zoneId name type",
    updates: { aliases: ({ route53 }, _, inputs) => route53.send(change("UPSERT", inputs)) },
    create: async ({ route53 }, inputs) => {
      await route53.send(change(inputs.allowOverwrite ? "UPSERT" : "CREATE", inputs));
      return `${inputs.zoneId}_${inputs.name}_${inputs.type}`;
    },
    read: async (_, __, { name }) => ({ fqdn: name }),
    delete: ({ route53 }, _, inputs) => route53.send(change("DELETE", inputs)),
  },
};
