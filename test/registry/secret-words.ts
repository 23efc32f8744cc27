import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { LabHost } from "../harness/lab.ts";

/** Passwords, which are in files that root alone reads, and nowhere else. */
export class SecretWords {
  readonly #words: readonly string[];

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  assertSilent(what: string, text: string): void {
    for (const secret of this.#words) assert.ok(!text.includes(secret), `${what} holds ${secret}`);
  }

  /** `seen` are arguments of processes. */
  async assertSecret(hosts: readonly LabHost[], seen: ReadonlySet<string>, stateFile: string): Promise<void> {
    for (const words of seen) this.assertSilent("a process's arguments", words);
    this.assertSilent("the state", readFileSync(stateFile, "utf8"));
    const any = this.#words.join("|");
    for (const host of hosts) {
      const found = await host.sh(
        `grep -rlE '${any}' /etc /opt /run /var/lib/ha-kubernetes /home /root /tmp --exclude-dir=journal 2>/dev/null | xargs -r stat -c '%a %U %n' || true`,
      );
      for (const line of found.trim().split("\n").filter(Boolean))
        assert.match(line, /^600 root \/etc\/(containerd|ha-kubernetes)\//, host.name);
      assert.equal(await host.sh(`journalctl --no-pager -o cat | grep -cE '${any}' || true`), "0\n");
    }
  }
}
