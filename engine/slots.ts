/** Thrown to whoever waits for a slot when nothing new may start. */
export class Stopped extends Error {}

/** How many steps may run at once, first come first served, and how they come to rest. */
export class Slots {
  #free: number;
  #stopped = false;
  readonly #waiting: { go: () => void; stop: () => void }[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(count: number) {
    this.#free = count;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Runs a step as soon as a slot is free. @throws Stopped when nothing new may start. */
  async run<T>(step: () => Promise<T>): Promise<T> {
    await this.#take();
    const running = step();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      this.#free++;
      this.#waiting.shift()?.go();
    }
  }

  #take(): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        if (this.#stopped) return reject(new Stopped());
        this.#free--;
        resolve();
      };
      if (this.#stopped || this.#free > 0) go();
      else this.#waiting.push({ go, stop: () => reject(new Stopped()) });
    });
  }

  /** Lets nothing new start; what runs goes on. */
  stop(): void {
    this.#stopped = true;
    for (const { stop } of this.#waiting.splice(0)) stop();
  }

  /** Done when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** How many steps run now. */
  get running(): number {
    return this.#running.size;
  }
}
