interface Line<T> {
  readonly items: T[];
  /** How many of the items have gone. */
  gone: number;
}

/** So many that have gone are let go of at once: to move up all others for each would take a flood's square. */
const LET_GO = 1_000;

/**
 * Items that wait, each about a subject. Within a subject they keep their order; the subjects take turns, one item each, so that a flood of
 * one delays the others by no more than one item a turn. Items that are taken count, and stand first, until they are done.
 */
export class Turns<T> {
  #taken: T[] = [];
  /** Of the subjects that wait; whose turn comes next stands first. */
  readonly #lines = new Map<string, Line<T>>();
  #waiting = 0;

  get length(): number {
    return this.#taken.length + this.#waiting;
  }

  add(subject: string, item: T): void {
    const line = this.#lines.get(subject);
    if (line === undefined) this.#lines.set(subject, { items: [item], gone: 0 });
    else line.items.push(item);
    this.#waiting += 1;
  }

  /** The first items: those that are taken, and the others in the order of their turns. */
  first(most = Infinity): readonly T[] {
    const found = this.#taken.slice(0, most);
    let lines = [...this.#lines.values()];
    for (let round = 0; found.length < most && lines.length > 0; round += 1) {
      lines = lines.filter(({ items, gone }) => gone + round < items.length);
      for (const { items, gone } of lines.slice(0, most - found.length)) found.push(items[gone + round] as T);
    }
    return found;
  }

  /** Takes items until the first `count` are taken, and returns those. What comes later does not get between them. */
  take(count: number): readonly T[] {
    // A line that goes to the end of the map is visited again.
    for (const [subject, line] of this.#lines) {
      if (this.#taken.length >= count) break;
      this.#taken.push(line.items[line.gone] as T);
      this.#waiting -= 1;
      this.#lines.delete(subject);
      line.gone += 1;
      if (line.gone === line.items.length) continue;
      if (line.gone === LET_GO) {
        line.items.splice(0, LET_GO);
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
