import { addProvider } from "../../engine/providers/index.ts";
import { awsProvider } from "./provider.ts";
import { nowhere } from "./site.ts";

// The engine with one more provider: `engine/launch.mjs run test/aws/engine.ts VERB [options]`, for tests alone.

addProvider("aws", async () => ({ provider: awsProvider(nowhere) }));
await import("../../engine/main.ts");
