import { join } from "node:path";
import type { LabHost } from "./lab.ts";
import { must } from "./process.ts";
import { scratch } from "./scratch.ts";

/** Block devices for lab hosts: files of this machine behind its loop devices, until `remove`. */
export class Disks {
  readonly #folder = scratch();
  readonly #devices: string[] = [];

  /** Makes a blank disk of 256 MiB; returns this machine's name of it. */
  async make(): Promise<string> {
    const file = join(this.#folder, `disk-${this.#devices.length}`);
    await must("truncate", ["-s", "256M", file]);
    const device = (await must("losetup", ["--find", "--show", file])).trim();
    this.#devices.push(device);
    return device;
  }

  /** Gives it to a host as `path`. */
  async give(device: string, host: LabHost, path: string): Promise<void> {
    const number = (await must("stat", ["-c", "%Hr %Lr", device])).trim();
    await host.sh(`rm -f ${path}; mknod ${path} b ${number}`);
  }

  async remove(): Promise<void> {
    for (const device of this.#devices) await must("losetup", ["--detach", device]);
  }
}
