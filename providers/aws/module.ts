import { byMinor } from "../../artifacts/images.ts";
import { userLock } from "../../artifacts/lock.ts";
import { contradictions } from "../../artifacts/user-lock.ts";
import type { Refusal } from "../../config/changes/change.ts";
import { keyPath, oneProblem } from "../../config/problems.ts";
import { at, type Rule } from "../../config/rules/rule.ts";
import type { ProviderModule } from "../contract.ts";
import { awsLock } from "./addons/lock.ts";
import { awsLimitRules } from "./config/limit-rules.ts";
import { awsMachineRules } from "./config/machine-rules.ts";
import { hostArchitecture, recordMachines } from "./config/machines.ts";
import { awsNetworkRules } from "./config/network-rules.ts";
import { type AwsCluster, awsSchema, hostAwsSchema, poolAwsSchema } from "./config/schema.ts";
import { awsWarnings } from "./config/warnings.ts";

const knownAddons: Rule<AwsCluster> = {
  says: "On aws, artifacts/lock.json has what the provider adds for the minor version of `kubernetesVersion`.",
  check({ kubernetesVersion }) {
    try {
      byMinor(awsLock, { kubernetes: kubernetesVersion });
      return [];
    } catch (error) {
      const allowed = `another one for provider aws: ${error instanceof Error ? error.message : error}`;
      return oneProblem(at("kubernetesVersion"), `is "${kubernetesVersion}"`, allowed);
    }
  },
};

const sameNetwork: Refusal = {
  says: "On aws the VPC, its subnets and whether the API is public don't change: every address is of them.",
  check: ({ before, after }) =>
    before.network === undefined || after.network === undefined || before.network === after.network
      ? []
      : oneProblem(
          keyPath(["aws"]),
          `has ${after.network}; the last up had ${before.network}`,
          before.network,
          "put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one",
        ),
};

/** Instances over availability zones, a Network Load Balancer before the apiservers, and a volume for each etcd member. */
export const aws: ProviderModule<AwsCluster> = {
  name: "aws",
  gives: "makes instances",
  traits: {
    createsHosts: true,
    givesAddresses: true,
    ownsDevices: true,
    ownsNetwork: false,
    ownsEndpoint: true,
    ipv4Only: true,
    scalesPools: true,
    storageClass: "gp3",
    // Without it AWS makes one of its oldest.
    balancerAnnotations: { "service.beta.kubernetes.io/aws-load-balancer-type": "nlb" },
    ownsBackupBucket: true,
    makesArtifacts: false,
  },
  sections: { cluster: awsSchema, host: hostAwsSchema, pool: poolAwsSchema },
  example: "aws: { zones: [eu-central-1a, eu-central-1b, eu-central-1c] }",
  rules: [...awsNetworkRules, ...awsMachineRules, ...awsLimitRules, knownAddons],
  warnings: awsWarnings,
  refusals: [sameNetwork],
  lockFaults: contradictions(awsLock, userLock.lock),
  lockNames: awsLock,
  architectureOf: hostArchitecture,
  record: recordMachines,
  create: async (args) => (await import("./index.ts")).awsInfrastructure(args),
};
