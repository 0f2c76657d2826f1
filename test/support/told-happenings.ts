import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { DataEvent } from '../../pipeline/data-event.ts';
import type { Happening, TracedDelivery, TracedEvent, TracedRun } from '../../pipeline/happening.ts';
import { runEventId } from '../../pipeline/ids.ts';
import type { Causes } from '../../pipeline/trace-place.ts';
import { CauseReader } from '../../workers/traces/cause-reader.ts';
import { Recorder } from '../../workers/traces/recorder.ts';
import { SpanWriter } from '../../workers/traces/span-writer.ts';
import { EVENT } from './sample-event.ts';

/* Happenings of which suites about traces are made. Their times are milliseconds after one instant. */

export const LABEL = '20200303110000';
export const FETCH: TracedRun = { stage: 'orders.fetch_orders', timelabel: LABEL, revision: 1 };
export const LOAD: TracedRun = { stage: 'orders.load_orders', timelabel: LABEL, revision: 1 };
const START = Date.UTC(2020, 2, 3, 11, 10);

export const idOf = ({ stage, timelabel, revision }: TracedRun): string =>
  runEventId(stage, timelabel, revision);

export function eventOf(run: TracedRun, dataset: string): DataEvent {
  const { stage, timelabel, revision } = run;
  return { ...EVENT, eventId: idOf(run), stage, timelabel, revision, dataset, runId: 'temporal-run' };
}

export const FETCHED = eventOf(FETCH, 'lake.shop.orders');
export const LOADED = eventOf(LOAD, 'warehouse.analytics.orders');
/** What the catalog says: a schedule asked for the extract, whose event completed the load. */
export const CAUSES = new Map<string, Causes>([
  [idOf(FETCH), []],
  [idOf(LOAD), [{ eventId: FETCHED.eventId }]],
]);

export function at(from: number, to: number): { from: number; to: number } {
  return { from: START + from, to: START + to };
}

export function attemptOf(
  run: TracedRun,
  dataset: string,
  attempt: number,
): Omit<Extract<Happening, { kind: 'attempted' }>, 'from' | 'to'> {
  const temporalRunId = 'temporal-run';
  return {
    kind: 'attempted',
    run,
    dataset,
    attempt,
    temporalRunId,
    rows: 3,
    failure: null,
    cancelled: false,
  };
}

export function closedOf(
  run: TracedRun,
  dataset: string,
  trigger: string,
  opened: number,
): Omit<Extract<Happening, { kind: 'closed' }>, 'from' | 'to'> {
  const reported = { outcome: 'SUCCESS', reported: { eventId: idOf(run) }, rows: 3, failure: null };
  const openedAt = START + opened;
  return { kind: 'closed', run, dataset, trigger, openedAt, temporalRunId: 'temporal-run', ...reported };
}

export function deliveryOf(
  event: DataEvent,
  attempt: number,
): Omit<Extract<Happening, { kind: 'delivered' }>, 'from' | 'to'> {
  return { kind: 'delivered', event, endpoint: 'customers', attempt, replay: null, failure: null };
}

/** A worker that exports what it is told. Another one has the same catalog and nothing else in common with it. */
export function worker(installation = 'production'): {
  tell: (happenings: readonly Happening[]) => Promise<readonly ReadableSpan[]>;
  traceOf: (event: TracedEvent) => string;
  traceparent: (delivery: TracedDelivery) => string;
} {
  const exporter = new InMemorySpanExporter();
  const writer = new SpanWriter({
    installation,
    processor: new SimpleSpanProcessor(exporter),
    resource: resourceFromAttributes({ 'service.name': 'reefline' }),
    redact: (text) => text.replaceAll('s3cret', '${env:SECRET}'),
  });
  const reader = new CauseReader((runs) => Promise.resolve(runs.map((run) => CAUSES.get(idOf(run)))));
  const recorder = new Recorder(reader, writer);
  return {
    tell: async (happenings) => {
      for (const happening of happenings) recorder.record(happening);
      await recorder.settled();
      return exporter.getFinishedSpans();
    },
    traceOf: (event) => writer.traceOf(event),
    traceparent: (delivery) => recorder.traceparent(delivery),
  };
}
