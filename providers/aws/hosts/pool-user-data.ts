import { readFileSync } from "node:fs";

/** What kubelets of instances tell the cloud's controllers: join.sh fills in the zone and the instance's id. */
export const instanceProviderId = "aws:///@NODE_ZONE@/@NODE_INSTANCE@";

export interface PoolUserDataArgs {
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
export function poolUserData(args: PoolUserDataArgs): string {
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
    [`${directory}/s3.sh`]: source("../../../hosts/tools/s3.sh"),
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
