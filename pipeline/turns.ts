interface Line<T> {
  readonly items: T[];
  /** How many of the items have gone. */
  gone: number;
  /** How many of them in the turn that goes on. */
  turn: number;
}

/** So many that have gone are let go of at once: to move up all others for each turn would take a flood's square. */
const LET_GO = 1_000;

/**
 * Items that wait, each about a subject. Within a subject they keep their order; the subjects take turns of so many items, so that a flood of
 * one delays the others by no more than its turn. Items that are taken count, and stand first, until they are done.
 */
export class Turns<T> {
  readonly #turn: number;
  #taken: T[] = [];
  /** Of the subjects that wait; whose turn it is stands first. */
  readonly #lines = new Map<string, Line<T>>();
  #waiting = 0;

  /** `turn` is how many items of a subject go before the next subject. */
  constructor(turn: number) {
    this.#turn = turn;
  }

  get length(): number {
    return this.#taken.length + this.#waiting;
  }

  add(subject: string, item: T): void {
    const line = this.#lines.get(subject);
    if (line === undefined) this.#lines.set(subject, { items: [item], gone: 0, turn: 0 });
    else line.items.push(item);
    this.#waiting += 1;
  }

  /** The first items: those that are taken, and the others in the order of their turns. */
  first(most = Infinity): readonly T[] {
    const found = this.#taken.slice(0, most);
    let lines = [...this.#lines.values()].map(({ items, gone, turn }) => ({ items, at: gone, turn }));
    while (found.length < most && lines.length > 0) {
      for (const line of lines) {
        const end = Math.min(line.at + this.#turn - line.turn, line.at + most - found.length);
        found.push(...line.items.slice(line.at, end));
        line.at = end;
        line.turn = 0;
        if (found.length >= most) break;
      }
      lines = lines.filter(({ items, at }) => at < items.length);
    }
    return found;
  }

  /** Takes items until the first `count` are taken, and returns those. What comes later does not get between them. */
  take(count: number): readonly T[] {
    // A line that goes to the end of the map is visited again.
    for (const [subject, line] of this.#lines) {
      const most = Math.min(this.#turn - line.turn, count - this.#taken.length);
      if (most <= 0) break;
      const items = line.items.slice(line.gone, line.gone + most);
      this.#taken.push(...items);
      this.#waiting -= items.length;
      line.gone += items.length;
      line.turn += items.length;
      if (line.gone < line.items.length && line.turn < this.#turn) break;
      this.#lines.delete(subject);
      if (line.gone === line.items.length) continue;
      line.turn = 0;
      if (line.gone >= LET_GO) {
        line.items.splice(0, line.gone);
        line.gone = 0;
      }
      this.#lines.set(subject, line);
    }
    return this.#taken;
  }

  /** Forgets those that are taken. */
  done(): void {
    this.#taken = [];
  }
}

/** What a message for a router is about: the schema and table of its dataset, which every event names; else nothing. */
export function subjectOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return '';
  const { schema, table } = message as Readonly<Record<string, unknown>>;
  return typeof schema === 'string' && typeof table === 'string' ? `${schema}.${table}` : '';
}
