import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { runInHost } from "../harness/lab-hosts.ts";
import { mustRunScript } from "../harness/lab-scripts.ts";
import { must } from "../harness/process.ts";
import type { Site, StartedInstance } from "./site.ts";

// Instances as hosts of a lab, volumes as disks of this machine.

/** The login key and the host key in user data, as lab/host.sh reads them. Refuses what a lab host can't do. */
export function plantedKeys(userData: string): string {
  const { ssh_keys: hostKeys, users } = parse(userData);
  const [{ name, ssh_authorized_keys: authorized }, ...more] = users;
  if (!userData.startsWith("#cloud-config\n")) throw new Error("user data is not a cloud-config");
  if (more.length > 0 || authorized.length !== 1 || name !== "ops") throw new Error("a lab host has one user, ops, with one key");
  return `${String(authorized[0]).trim()}\n${hostKeys.ed25519_private}`;
}

/** Where udev links a volume on a Nitro instance. */
export const volumePath = (volume: string): string =>
  `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume.replace("-", "")}`;

/** The size of every disk. The files are sparse. */
const DISK_BYTES = 2 * 1024 ** 3;

/** The hosts of one lab whose network exists. `folder` holds the disks and the instance of each host; hosts use `nameServer`. */
export class LabSite implements Site {
  readonly #lab: string;
  readonly #folder: string;
  readonly #nameServer: string;

  constructor(lab: string, folder: string, nameServer: string) {
    this.#lab = lab;
    this.#nameServer = nameServer;
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  async started({ id, host, address, userData }: StartedInstance): Promise<void> {
    await mustRunScript("host.sh", ["create", this.#lab, host, address], plantedKeys(userData));
    // An instance has no docker volume there, so that a disk can be mounted; and it uses the VPC's name server.
    const unmount = "if mountpoint -q /var/lib/etcd; then umount /var/lib/etcd; fi";
    await this.#in(host, `${unmount}; echo nameserver ${this.#nameServer} >/etc/resolv.conf`);
    writeFileSync(join(this.#folder, id), host);
  }

  async stopped(id: string): Promise<void> {
    await mustRunScript("fault.sh", ["stop", this.#lab, this.#hostOf(id)]);
  }

  async ended(id: string): Promise<void> {
    await mustRunScript("host.sh", ["delete", this.#lab, this.#hostOf(id)]);
    rmSync(join(this.#folder, id));
  }

  async attached(volume: string, id: string): Promise<void> {
    const image = this.#image(volume);
    if (!existsSync(image)) {
      writeFileSync(image, "", { mode: 0o600 });
      truncateSync(image, DISK_BYTES);
    }
    const device = (await must("losetup", ["--find", "--show", image])).trim();
    const [path, number] = [volumePath(volume), device.replace("/dev/loop", "")];
    const node = `[ -b ${device} ] || mknod -m 0600 ${device} b 7 ${number}`;
    await this.#in(this.#hostOf(id), `${node}; mkdir -p /dev/disk/by-id; ln -sfn ${device} ${path}`);
  }

  async detached(volume: string, id: string): Promise<void> {
    await this.#in(this.#hostOf(id), `rm -f ${volumePath(volume)}`, true);
    await this.#release(volume);
  }

  async discarded(volume: string): Promise<void> {
    await this.#release(volume);
    rmSync(this.#image(volume), { force: true });
  }

  async #release(volume: string): Promise<void> {
    const devices = await must("losetup", ["--associated", this.#image(volume), "--output", "NAME", "--noheadings"]);
    for (const device of devices.split("\n").filter(Boolean)) await must("losetup", ["--detach", device.trim()]);
  }

  #image(volume: string): string {
    return join(this.#folder, `${volume}.img`);
  }

  #hostOf(id: string): string {
    return readFileSync(join(this.#folder, id), "utf8");
  }

  /** Runs a script in a host, or skips a stopped one if that is allowed. */
  async #in(host: string, script: string, mayBeStopped = false): Promise<void> {
    const { status, stderr } = await runInHost(this.#lab, host, `set -eu\n${script}`);
    if (status !== 0 && !(mayBeStopped && /is not running/.test(stderr))) throw new Error(`on ${host}: ${stderr.trim()}`);
  }
}
