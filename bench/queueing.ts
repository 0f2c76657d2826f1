/** What happens when, in order. Things of the same moment happen in the order in which they were entered. Times in seconds. */
export class Agenda {
  now = 0;
  /** Latest first, so that the next one is taken from the end. */
  readonly #entries: { readonly at: number; readonly act: () => void }[] = [];

  at(at: number, act: () => void): void {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, { at, act });
  }

  /** Lets everything happen that was entered, and what is entered by that. */
  run(): void {
    for (let next = this.#entries.pop(); next !== undefined; next = this.#entries.pop()) {
      this.now = next.at;
      next.act();
    }
  }
}

/** So many servers with one queue, which is served in the order of arrival. */
export class Station {
  readonly #agenda: Agenda;
  readonly #waiting: { readonly seconds: number; readonly done: () => void }[] = [];
  #free: number;
  #next = 0;

  constructor(agenda: Agenda, servers: number) {
    this.#agenda = agenda;
    this.#free = servers;
  }

  serve(seconds: number, done: () => void): void {
    this.#waiting.push({ seconds, done });
    this.#begin();
  }

  #begin(): void {
    const job = this.#free > 0 ? this.#waiting[this.#next] : undefined;
    if (job === undefined) return;
    this.#next += 1;
    this.#free -= 1;
    this.#agenda.at(this.#agenda.now + job.seconds, () => {
      this.#free += 1;
      job.done();
      this.#begin();
    });
  }
}
