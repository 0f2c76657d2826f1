import type { Tracer } from '../../activities/tracer.ts';
import type { Happening, TracedDelivery } from '../../pipeline/happening.ts';
import { runBehind, spansOf, type Span } from '../../pipeline/trace.ts';
import { deliveryPlace, type Place } from '../../pipeline/trace-place.ts';
import type { CauseReader } from './cause-reader.ts';

/** Happenings that wait for the catalog at once; what comes beyond is not told. */
const MOST = 10_000;

/** Where spans go, and what others are told of them. */
export interface Spans {
  write(span: Span): void;
  /** The `traceparent` of what comes below a span. */
  traceparentOf(place: Place): string;
}

/** Turns what happened into spans, beside the activities: they neither wait for it nor fail by it. */
export class Recorder implements Tracer {
  readonly #causes: Pick<CauseReader, 'of'>;
  readonly #spans: Spans;
  readonly #pending = new Set<Promise<void>>();

  constructor(causes: Pick<CauseReader, 'of'>, spans: Spans) {
    this.#causes = causes;
    this.#spans = spans;
  }

  record(happening: Happening): void {
    if (this.#pending.size >= MOST) return;
    // Without the catalog nobody knows the place of a span, so it is left out.
    const told = this.#tell(happening)
      .catch(() => undefined)
      .finally(() => this.#pending.delete(told));
    this.#pending.add(told);
  }

  traceparent(delivery: TracedDelivery): string {
    return this.#spans.traceparentOf(deliveryPlace(delivery));
  }

  /** Settles when all that was recorded until now has been written. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #tell(happening: Happening): Promise<void> {
    const run = runBehind(happening);
    const causes = run === undefined ? undefined : await this.#causes.of(run);
    for (const span of spansOf(happening, causes)) this.#spans.write(span);
  }
}
