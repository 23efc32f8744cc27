import { readFileSync } from "node:fs";
import type { HostFile } from "../../../hosts/stage.ts";

// What control planes run so that instances of auto-scaling pools can join by themselves.

/** Where join tokens go. */
export interface JoinTokens {
  region: string;
  /** The parameter of Parameter Store by pool. */
  parameters: Readonly<Record<string, string>>;
  /** AWS's Systems Manager; by default that of the region. */
  ssmUrl?: string;
}

/** How often there is a new token, and how long one is good: a new instance finds one with 45 minutes left, at least. */
const REFRESH_MINUTES = 15;
const TOKEN_TTL = "1h";

const directory = "/usr/local/lib/ha-kubernetes-join";
const source = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

/** Scripts, settings and timer. All paths match *ha-kubernetes*join*. */
export function joinTokenFiles({ region, parameters, ssmUrl }: JoinTokens): HostFile[] {
  const settings = {
    AWS_REGION: region,
    SSM_URL: ssmUrl ?? `https://ssm.${region}.amazonaws.com/`,
    // A little less than the timer's own, so that its next turn does not find them a second too fresh.
    REFRESH_SECONDS: String(REFRESH_MINUTES * 60 - 60),
    TOKEN_TTL,
    ETCD_SERVERS_FILE: "/var/lib/ha-kubernetes/apiserver-etcd-servers",
    PARAMETERS: `"${Object.entries(parameters)
      .sort()
      .map(([pool, parameter]) => `${pool}=${parameter}`)
      .join(" ")}"`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  return [
    { path: "/etc/ha-kubernetes/join.env", content: lines.join("") },
    { path: `${directory}/s3.sh`, content: source("../../../hosts/tools/s3.sh") },
    { path: `${directory}/refresh.sh`, content: source("refresh.sh"), mode: "0755" },
    { path: "/etc/systemd/system/ha-kubernetes-join.service", content: SERVICE },
    { path: "/etc/systemd/system/ha-kubernetes-join.timer", content: TIMER },
  ];
}

const SERVICE = `[Unit]
Description=Join tokens for auto-scaling pools
After=network-online.target

[Service]
Type=oneshot
EnvironmentFile=/etc/ha-kubernetes/join.env
RuntimeDirectory=ha-kubernetes-join
RuntimeDirectoryMode=0700
ExecStart=${directory}/refresh.sh
TimeoutStartSec=5min
NoNewPrivileges=yes
ProtectSystem=full
`;

// The first soon after it is set up: the pools' first instances wait for it.
const TIMER = `[Unit]
Description=Join tokens for auto-scaling pools every ${REFRESH_MINUTES} minutes

[Timer]
OnActiveSec=1s
OnUnitActiveSec=${REFRESH_MINUTES}min
AccuracySec=5s

[Install]
WantedBy=timers.target
`;
