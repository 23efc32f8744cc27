import { z } from "zod";
import { httpUrl, registry } from "../values.ts";

/** Settings of containerd. */
export const containerRuntimeSchema = z
  .strictObject({
    registryMirrors: z
      .record(registry, z.array(httpUrl))
      .default({})
      .describe("Mirrors by registry, such as docker.io: [https://mirror.example.com]. By default none."),
    insecureRegistries: z.array(registry).default([]).describe("Registries reached without TLS verification. By default none."),
  })
  .prefault({})
  .describe("Settings of containerd.");
