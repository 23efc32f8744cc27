/** An instance that AWS says is running. */
export interface StartedInstance {
  id: string;
  /** The host that it is, as its tags say; its id where they don't. */
  host: string;
  /** Its private address. */
  address: string;
  /** What it is booted with, decoded. */
  userData: string;
}

/** Where instances and volumes become real. moto itself only says that they run. */
export interface Site {
  started(instance: StartedInstance): Promise<void>;
  /** Shut down, not gone. */
  stopped(instance: string): Promise<void>;
  /** Terminated, with its root disk. */
  ended(instance: string): Promise<void>;
  attached(volume: string, instance: string): Promise<void>;
  detached(volume: string, instance: string): Promise<void>;
  /** The volume is deleted, with all it held. */
  discarded(volume: string): Promise<void>;
}

/** Nothing runs: for tests of what is made in AWS. */
export const nowhere: Site = {
  started: async () => undefined,
  stopped: async () => undefined,
  ended: async () => undefined,
  attached: async () => undefined,
  detached: async () => undefined,
  discarded: async () => undefined,
};
