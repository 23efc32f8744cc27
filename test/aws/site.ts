/** An instance that AWS says is running. */
export interface StartedInstance {
  id: string;
  /** The name of its host by its tags; its id without such a tag. */
  host: string;
  /** Its private address. */
  address: string;
  /** Its user data, decoded. */
  userData: string;
}

/** Makes instances and volumes real; moto only pretends that they run. */
export interface Site {
  started(instance: StartedInstance): Promise<void>;
  /** Stops the instance. */
  stopped(instance: string): Promise<void>;
  /** Deletes the instance with its root disk. */
  ended(instance: string): Promise<void>;
  attached(volume: string, instance: string): Promise<void>;
  detached(volume: string, instance: string): Promise<void>;
  /** Deletes the volume with its data. */
  discarded(volume: string): Promise<void>;
}

/** Runs nothing, for tests of AWS resources alone. */
export const nowhere: Site = {
  started: async () => undefined,
  stopped: async () => undefined,
  ended: async () => undefined,
  attached: async () => undefined,
  detached: async () => undefined,
  discarded: async () => undefined,
};
