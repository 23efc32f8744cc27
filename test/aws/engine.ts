import { addProvider } from "../../engine/providers/index.ts";
import { LabSite } from "./lab.ts";
import { awsProvider } from "./provider.ts";
import { nowhere } from "./site.ts";

// The engine with one more provider: `engine/launch.mjs run test/aws/engine.ts VERB [options]`, for tests alone. Where the environment
// names a lab whose network stands, instances are hosts there.

const {
  HA_KUBERNETES_TEST_AWS_LAB: lab,
  HA_KUBERNETES_TEST_AWS_FOLDER: folder = "",
  HA_KUBERNETES_TEST_AWS_NAME_SERVER: nameServer = "",
} = process.env;
const site = lab === undefined ? nowhere : new LabSite(lab, folder, nameServer);
addProvider("aws", async () => ({ provider: awsProvider(site) }));
await import("../../engine/main.ts");
