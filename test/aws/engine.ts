import { main } from "../../engine/front-end.ts";
import { LabSite } from "./lab.ts";
import { awsProvider } from "./provider.ts";
import { nowhere } from "./site.ts";

// The engine with one more provider: `engine/launch.mjs run test/aws/engine.ts VERB [options]`, only for tests. If the environment
// names a lab whose network exists, instances are hosts there.

const {
  HA_KUBERNETES_TEST_AWS_LAB: lab,
  HA_KUBERNETES_TEST_AWS_FOLDER: folder = "",
  HA_KUBERNETES_TEST_AWS_NAME_SERVER: nameServer = "",
} = process.env;
const site = lab === undefined ? nowhere : new LabSite(lab, folder, nameServer);
const aws = async () => ({ provider: awsProvider(site) });
process.exitCode = await main(process.argv.slice(2), { packages: { aws } });
