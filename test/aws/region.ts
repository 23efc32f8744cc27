import { mustRunScript } from "../harness/lab-scripts.ts";
import { must } from "../harness/process.ts";
import { scratch } from "../harness/scratch.ts";
import { LabBalancer } from "./balancer.ts";
import { type Clients, makeClients } from "./clients.ts";
import { LabNames } from "./dns.ts";
import { type Moto, startMoto } from "./moto.ts";

/** A region of AWS on this machine: its API, and a lab's network with instances, balancers and the name server. */
export interface LabRegion {
  clients: Clients;
  balancer: LabBalancer;
  /** What `test/aws/engine.ts` needs in its environment. */
  environment: Record<string, string>;
  /** Holds the disks. */
  folder: string;
  stop(): Promise<void>;
}

/** Makes it. `subnet` is the whole VPC's range; its first address is this machine's, the balancers' and the name server's. */
export async function startRegion(lab: string, subnet: string): Promise<LabRegion> {
  const moto: Moto = await startMoto();
  Object.assign(process.env, moto.environment);
  const folder = scratch();
  await mustRunScript("network.sh", ["create", lab, subnet]);
  const clients = makeClients();
  const own = subnet.replace(/\.0\/\d+$/, ".1");
  const balancer = new LabBalancer(clients, own);
  const names = new LabNames(clients, own);
  balancer.start();
  await names.start();
  return {
    clients,
    balancer,
    folder,
    environment: {
      ...moto.environment,
      HA_KUBERNETES_TEST_AWS_LAB: lab,
      HA_KUBERNETES_TEST_AWS_FOLDER: folder,
      HA_KUBERNETES_TEST_AWS_NAME_SERVER: own,
    },
    stop: async () => {
      balancer.stop();
      names.stop();
      await releaseDisks(folder);
      await moto.stop();
    },
  };
}

/** Detaches loop devices that a failed test left. Its hosts are gone. */
async function releaseDisks(folder: string): Promise<void> {
  for (const line of await loopDevices(folder)) await must("losetup", ["--detach", line.split(" ")[0] ?? ""]);
}

/** `device file` of each loop device with a file of a folder. */
export async function loopDevices(folder: string): Promise<string[]> {
  const all = await must("losetup", ["--list", "--raw", "--noheadings", "--output", "NAME,BACK-FILE"]);
  return all.split("\n").filter((line) => line.includes(folder));
}
