import { runInHost } from "./lab-hosts.ts";
import type { Result } from "./lab-scripts.ts";

/** One host of a lab, seen from outside, without its network and sshd. */
export class LabHost {
  readonly lab: string;
  readonly name: string;
  readonly address: string;

  constructor(lab: string, name: string, address: string) {
    this.lab = lab;
    this.name = name;
    this.address = address;
  }

  /** Runs a bash script on the host as root. A failing script is not an error. */
  trySh(script: string, input = ""): Promise<Result> {
    return runInHost(this.lab, this.name, `set -euo pipefail\n${script}`, input);
  }

  /** The same for a script that must succeed; returns its standard output. */
  async sh(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.trySh(script);
    if (status !== 0) throw new Error(`on ${this.name}, status ${status}: ${script.trim()}\n${stdout}${stderr}`);
    return stdout;
  }

  async runs(): Promise<boolean> {
    return (await this.trySh("true")).status === 0;
  }

  /** Number of SSH logins since the host was created. Each command of the program takes one login or more. */
  async logins(): Promise<number> {
    return Number(
      await this.sh("journalctl --no-pager --output cat _COMM=sshd _COMM=sshd-session | grep -c '^Accepted ' || true"),
    );
  }

  /** Mode, owner, modification time and size of every file that a stage may write. A run without changes leaves all of them alone. */
  async files(): Promise<Map<string, string>> {
    const places = "/etc /usr/local /opt /var/lib/ha-kubernetes";
    const found = await this.sh(`find ${places} -xdev -type f -printf '%p\\t%m %U:%G %T@ %s\\n' 2>/dev/null | sort || true`);
    const lines = found.trimEnd().split("\n");
    return new Map(lines.map((line) => line.split("\t") as [string, string]));
  }
}
