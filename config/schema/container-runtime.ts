import { z } from "zod";
import { authorityCertificates, httpUrl, registry, registryOrAll } from "../places.ts";
import { absolutePath, dnsLabel, matching } from "../values.ts";

/** Settings of containerd. */
export const containerRuntimeSchema = z
  .strictObject({
    registryMirrors: z
      .record(registryOrAll, z.array(httpUrl))
      .default({})
      .describe(
        'Mirrors by registry, such as docker.io: [https://mirror.example.com], asked in this order, then the registry itself. "*": for registries that have no list of their own. Below a path that names the API\'s version, such as https://harbor.example.com/v2/hub, containerd adds nothing; to any other path it adds /v2. By default none.',
      ),
    registries: z
      .record(
        registry,
        z
          .strictObject({
            ca: authorityCertificates
              .optional()
              .describe(
                "What its certificate is verified with, beside the authorities that the hosts trust: PEM text, or the path of a file on every host. By default nothing more.",
              ),
            clientCertificate: absolutePath
              .optional()
              .describe("A PEM file on every host with a certificate and its key, to show to it. By default none."),
          })
          .describe("How one registry or mirror is reached. Its login is in the stack's secret registryLogins."),
      )
      .default({})
      .describe("How registries and mirrors are reached, by host and port. By default as the hosts trust them."),
    insecureRegistries: z
      .array(registry)
      .default([])
      .describe("Registries and mirrors, by host and port, reached without TLS verification. By default none."),
    runtimes: z
      .record(
        dnsLabel,
        z
          .strictObject({
            program: absolutePath.describe(
              "The program on the hosts that makes containers, such as /usr/bin/nvidia-container-runtime, which speaks runc's language.",
            ),
          })
          .describe("One runtime."),
      )
      .default({})
      .describe(
        "Runtimes beside runc, by the name that a RuntimeClass gives as its handler. Their programs are yours to install. By default none.",
      ),
    extraConfig: matching(/\S/, "a text in TOML")
      .optional()
      .describe(
        "More of containerd's configuration, version 3, in TOML: a file that containerd imports, such as one of a plugin's sections. A change restarts containerd, one host at a time. By default none.",
      ),
  })
  .prefault({})
  .describe("Settings of containerd.");
