import { readFileSync } from "node:fs";
import type { Cluster } from "../../../config/schema.ts";
import type { HostFile } from "../../stage.ts";

// Defragmentation on a timer: see defragment.sh. All paths match */etcd-defragment*: what differs there never restarts etcd.

/** The timer that the stage's script starts; empty where it is off. */
export const defragmentSettings = ({ defragmentation }: Cluster["etcd"]): Record<string, string> => ({
  DEFRAGMENT_TIMER: defragmentation.enabled ? "etcd-defragment.timer" : "",
});

/** The script, its unit and its timer; nothing where it is off. */
export function defragmentFiles({ defragmentation }: Cluster["etcd"]): HostFile[] {
  if (!defragmentation.enabled) return [];
  return [
    {
      path: "/usr/local/lib/etcd-defragment/defragment.sh",
      content: readFileSync(new URL("defragment.sh", import.meta.url), "utf8"),
      mode: "0755",
    },
    { path: "/etc/systemd/system/etcd-defragment.service", content: service(defragmentation.unusedPercent) },
    { path: "/etc/systemd/system/etcd-defragment.timer", content: timer },
  ];
}

// It may wait for an `up` that has the turn.
const service = (unusedPercent: number) => `[Unit]
Description=Defragmentation of etcd's database
After=etcd.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
User=etcd
Environment=UNUSED_PERCENT=${unusedPercent}
ExecStart=/usr/local/lib/etcd-defragment/defragment.sh
TimeoutStartSec=1h
NoNewPrivileges=yes
ProtectSystem=full
`;

const timer = `[Unit]
Description=Defragmentation of etcd's database, where it is due

[Timer]
OnCalendar=hourly
RandomizedDelaySec=50min
FixedRandomDelay=yes

[Install]
WantedBy=timers.target
`;
