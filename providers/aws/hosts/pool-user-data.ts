import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { renderWithScripts, type Stage } from "../../../hosts/stage.ts";

// A worker that nobody logs in to: its instance starts with a script that fetches the same stages as any other worker's, and runs them.

/** What only the instance itself knows: written into stages where a host's own values go, and filled in by join.sh. */
export const instanceOwn = {
  name: "@NODE_NAME@",
  address: "@NODE_ADDRESS@",
  providerId: "aws:///@NODE_ZONE@/@NODE_INSTANCE@",
  token: "@JOIN_TOKEN@",
} as const;

/** A pool's stages as its instances fetch them. Holds no secret: the token comes from elsewhere. */
export interface PoolStages {
  content: string;
  sha256: string;
}

/** The stages in the order in which they run, a line of base64 for each. The same stages give the same bytes. */
export function poolStages(stages: readonly Stage[]): PoolStages {
  const content = stages.map((stage) => `${renderWithScripts(stage).stdin}\n`).join("");
  return { content, sha256: createHash("sha256").update(content).digest("hex") };
}

export interface UserDataArgs {
  cluster: string;
  pool: string;
  region: string;
  /** Where the stages are, and what they must be. */
  stages: { url: string; sha256: string };
  /** The parameter that holds the join token. */
  tokenParameter: string;
  /** AWS's Systems Manager; by default that of the region. */
  ssmUrl?: string;
}

/** EC2's limit for user data, before base64. */
export const USER_DATA_LIMIT_BYTES = 16384;

const directory = "/usr/local/lib/ha-kubernetes-pool";
const source = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

/**
 * The script that an instance starts with. It holds no secret: everybody who may describe launch templates reads it.
 *
 * @throws Error where it is longer than EC2 takes
 */
export function poolUserData(args: UserDataArgs): string {
  const settings = {
    POOL: args.pool,
    AWS_REGION: args.region,
    STAGES_URL: args.stages.url,
    STAGES_SHA256: args.stages.sha256,
    TOKEN_PARAMETER: args.tokenParameter,
    SSM_URL: args.ssmUrl ?? `https://ssm.${args.region}.amazonaws.com/`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  const files = {
    [`${directory}/settings.env`]: lines.join(""),
    [`${directory}/aws.sh`]: source("../../../hosts/aws/aws.sh"),
    [`${directory}/join.sh`]: source("join.sh"),
    "/etc/systemd/system/ha-kubernetes-pool.service": UNIT,
  };
  const script = [
    "#!/bin/bash",
    `# Instance of pool ${args.pool} of cluster ${args.cluster}`,
    "set -euo pipefail",
    `mkdir -p ${directory}`,
    ...Object.entries(files).map(([path, content]) => `cat >${path} <<'END-OF-FILE'\n${content}END-OF-FILE`),
    "systemctl daemon-reload",
    "systemctl enable --quiet ha-kubernetes-pool.service",
    "systemctl start --no-block ha-kubernetes-pool.service",
  ].join("\n");
  const size = Buffer.byteLength(script);
  if (size > USER_DATA_LIMIT_BYTES)
    throw new Error(`user data of pool ${args.pool} has ${size} bytes; EC2 takes ${USER_DATA_LIMIT_BYTES}`);
  return `${script}\n`;
}

// Once for each instance: what it installs starts by itself at later boots.
const UNIT = `[Unit]
Description=Join the Kubernetes cluster
After=network-online.target
Wants=network-online.target
ConditionPathExists=!/var/lib/ha-kubernetes-pool/joined
StartLimitIntervalSec=0

[Service]
Type=oneshot
EnvironmentFile=${directory}/settings.env
RuntimeDirectory=ha-kubernetes-pool
RuntimeDirectoryMode=0700
StateDirectory=ha-kubernetes-pool
ExecStart=/bin/bash ${directory}/join.sh
Restart=on-failure
RestartSec=15
TimeoutStartSec=30min

[Install]
WantedBy=multi-user.target
`;
