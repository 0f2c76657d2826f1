import type { Tracer } from '../../activities/tracer.ts';
import type { Happening } from '../../pipeline/happening.ts';
import { runBehind, spansOf, type Span } from '../../pipeline/trace.ts';
import type { CauseReader } from './cause-reader.ts';

/** Happenings that wait for the catalog at once; what comes beyond is not told. */
const MOST = 10_000;

/** Turns what happened into spans, beside the activities: they neither wait for it nor fail by it. */
export class Recorder implements Tracer {
  readonly #causes: Pick<CauseReader, 'of'>;
  readonly #write: (span: Span) => void;
  readonly #pending = new Set<Promise<void>>();

  constructor(causes: Pick<CauseReader, 'of'>, write: (span: Span) => void) {
    this.#causes = causes;
    this.#write = write;
  }

  record(happening: Happening): void {
    if (this.#pending.size >= MOST) return;
    // Without the catalog nobody knows the place of a span, so it is left out.
    const told = this.#tell(happening)
      .catch(() => undefined)
      .finally(() => this.#pending.delete(told));
    this.#pending.add(told);
  }

  /** Settles when all that was recorded until now has been written. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #tell(happening: Happening): Promise<void> {
    const run = runBehind(happening);
    const causes = run === undefined ? undefined : await this.#causes.of(run);
    for (const span of spansOf(happening, causes)) this.#write(span);
  }
}
