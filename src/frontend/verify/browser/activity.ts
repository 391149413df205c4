/** What is going on in a page: requests without an answer, and when the last one began or ended. */
export class Activity {
  readonly #open = new Set<unknown>();
  #waiting: (() => void)[] = [];
  #count = 0;

  /** How often something has begun or ended. */
  get count(): number {
    return this.#count;
  }

  begin(what: unknown): void {
    this.#open.add(what);
    this.#changed();
  }

  end(what: unknown): void {
    if (this.#open.delete(what)) {
      this.#changed();
    }
  }

  /**
   * Waits until nothing has been open for a while.
   * @param quietMs how long, in milliseconds.
   * @param atMostMs after so long, in milliseconds, it is given up.
   * @returns whether it became quiet.
   */
  async quiet(quietMs: number, atMostMs: number): Promise<boolean> {
    return await new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = (result: boolean): void => {
        clearTimeout(timer);
        clearTimeout(limit);
        this.#waiting = this.#waiting.filter((one) => one !== look);
        resolve(result);
      };
      const look = (): void => {
        clearTimeout(timer);
        if (this.#open.size === 0) {
          timer = setTimeout(() => {
            finish(true);
          }, quietMs);
        }
      };
      const limit = setTimeout(() => {
        finish(false);
      }, atMostMs);
      this.#waiting.push(look);
      look();
    });
  }

  #changed(): void {
    this.#count++;
    for (const look of this.#waiting) {
      look();
    }
  }
}
