import { afterEach, describe, expect, test } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { DataEvent, MetadataEvent } from '../../pipeline/data-event.ts';
import { runEventId } from '../../pipeline/ids.ts';
import type { Happening, TracedRun } from '../../pipeline/happening.ts';
import { spansOf, type Causes } from '../../pipeline/trace.ts';
import { askedTraces } from '../../workers/traces/asked-traces.ts';
import { CauseReader } from '../../workers/traces/cause-reader.ts';
import { Recorder } from '../../workers/traces/recorder.ts';
import { SpanWriter } from '../../workers/traces/span-writer.ts';
import { EVENT } from '../support/sample-event.ts';
import { spanTree } from '../support/span-tree.ts';
import { expectBlocks } from '../support/written-page.ts';

const LABEL = '20200303110000';
const FETCH: TracedRun = { stage: 'orders.fetch_orders', timelabel: LABEL, revision: 1 };
const LOAD: TracedRun = { stage: 'orders.load_orders', timelabel: LABEL, revision: 1 };
const START = Date.UTC(2020, 2, 3, 11, 10);

const idOf = ({ stage, timelabel, revision }: TracedRun): string => runEventId(stage, timelabel, revision);

function eventOf(run: TracedRun, dataset: string): DataEvent {
  const { stage, timelabel, revision } = run;
  return { ...EVENT, eventId: idOf(run), stage, timelabel, revision, dataset, runId: 'temporal-run' };
}

const FETCHED = eventOf(FETCH, 'lake.shop.orders');
const LOADED = eventOf(LOAD, 'warehouse.analytics.orders');
/** What the catalog says: a schedule asked for the extract, whose event completed the load. */
const CAUSES = new Map<string, Causes>([
  [idOf(FETCH), []],
  [idOf(LOAD), [FETCHED.eventId]],
]);

/** A scheduled extract, whose event starts a load that is throttled once; a delivery fails once, too. Milliseconds after START. */
const STORY: readonly Happening[] = [
  { ...at(0, 12), kind: 'opened', run: FETCH, dataset: FETCHED.dataset, trigger: 'schedule' },
  { ...at(40, 4040), ...attemptOf(FETCH, FETCHED.dataset, 1) },
  { ...at(4050, 4070), ...closedOf(FETCH, FETCHED.dataset, 'schedule', 2) },
  { ...at(4080, 4101), kind: 'accepted', event: FETCHED, router: 'orders' },
  {
    ...{ ...at(4120, 4520), ...attemptOf(LOAD, LOADED.dataset, 1), rows: null },
    failure: { class: 'throttled', message: 'Redshift takes no more statements.' },
  },
  { ...at(5530, 7530), ...attemptOf(LOAD, LOADED.dataset, 2) },
  { ...at(7540, 7561), ...closedOf(LOAD, LOADED.dataset, 'event', 4095) },
  { ...at(7570, 7590), kind: 'accepted', event: LOADED, router: 'orders' },
  {
    ...{ ...at(4110, 4140), ...deliveryOf(FETCHED, 1) },
    failure: { class: 'unavailable', message: 'The queue does not answer.' },
  },
  { ...at(5140, 5160), ...deliveryOf(FETCHED, 2) },
  { ...at(7600, 7620), ...deliveryOf(LOADED, 1) },
];

function at(from: number, to: number): { from: number; to: number } {
  return { from: START + from, to: START + to };
}

function attemptOf(
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

function closedOf(
  run: TracedRun,
  dataset: string,
  trigger: string,
  opened: number,
): Omit<Extract<Happening, { kind: 'closed' }>, 'from' | 'to'> {
  const reported = { outcome: 'SUCCESS', eventId: idOf(run), rows: 3, failure: null };
  const openedAt = START + opened;
  return { kind: 'closed', run, dataset, trigger, openedAt, temporalRunId: 'temporal-run', ...reported };
}

function deliveryOf(
  event: DataEvent,
  attempt: number,
): Omit<Extract<Happening, { kind: 'delivered' }>, 'from' | 'to'> {
  return { kind: 'delivered', event, endpoint: 'customers', attempt, replay: null, failure: null };
}

/** A worker that exports what it is told. Another one has the same catalog and nothing else in common with it. */
function worker(installation = 'production'): {
  tell: (happenings: readonly Happening[]) => Promise<readonly ReadableSpan[]>;
  traceOf: (eventId: string) => string;
} {
  const exporter = new InMemorySpanExporter();
  const writer = new SpanWriter({
    installation,
    processor: new SimpleSpanProcessor(exporter),
    resource: resourceFromAttributes({ 'service.name': 'reefline' }),
    redact: (text) => text.replaceAll('s3cret', '${env:SECRET}'),
  });
  const reader = new CauseReader((runs) => Promise.resolve(runs.map((run) => CAUSES.get(idOf(run)))));
  const recorder = new Recorder(reader, (span) => writer.write(span));
  return {
    tell: async (happenings) => {
      for (const happening of happenings) recorder.record(happening);
      await recorder.settled();
      return exporter.getFinishedSpans();
    },
    traceOf: (eventId) => writer.traceOf(eventId),
  };
}

/** Each activity of the story on another worker, in an order in which none of them can have heard of another. */
async function spansOfWorkers(): Promise<readonly ReadableSpan[]> {
  const told = STORY.toReversed().map((happening) => worker().tell([happening]));
  return (await Promise.all(told)).flat();
}

const inTrace = (spans: readonly ReadableSpan[], eventId: string): readonly ReadableSpan[] =>
  spans.filter((span) => span.spanContext().traceId === worker().traceOf(eventId));

describe('a trace', () => {
  test('holds an event from the run that makes it to the end of its dependents, whoever does the parts', async () => {
    const spans = await spansOfWorkers();
    const [fetched, loaded] = [FETCHED, LOADED].map(({ eventId }) => inTrace(spans, eventId));
    expect([fetched?.length, loaded?.length]).toEqual([spans.length - 2, 2]);
    expectBlocks('operate.md', {
      trace: `\`\`\`text\n${spanTree(fetched ?? [])}\n\`\`\``,
    });
    const ids = new Set(spans.map((span) => span.spanContext().spanId));
    expect(ids.size).toBe(spans.length);
    for (const span of spans) expect(span.spanContext()).toMatchObject({ traceFlags: 1 });
  });

  test('of what a run reports is linked with the run, in both directions', async () => {
    const spans = await spansOfWorkers();
    const run = spans.find(({ name }) => name === 'run orders.load_orders');
    const accepted = spans.find(({ name }) => name === 'accept warehouse.analytics.orders');
    const contextOf = (span?: ReadableSpan): unknown => ({
      traceId: span?.spanContext().traceId,
      spanId: span?.spanContext().spanId,
    });
    expect(accepted?.links).toMatchObject([{ context: contextOf(run) }]);
    expect(run?.links).toMatchObject([{ context: contextOf(accepted) }]);
    expect(contextOf(run)).not.toMatchObject({ traceId: accepted?.spanContext().traceId });
    const root = spans.find(({ name }) => name === 'run orders.fetch_orders');
    expect([root?.links, root?.parentSpanContext]).toEqual([[], undefined]);
  });

  test('is another one for an installation whose events have the same ids', () => {
    expect(worker('staging').traceOf(FETCHED.eventId)).not.toBe(worker().traceOf(FETCHED.eventId));
    expect(worker().traceOf(FETCHED.eventId)).toMatch(/^[0-9a-f]{32}$/);
  });

  test('has a run with many inputs below the last of them and links it with the others', () => {
    const closed: Happening = { ...at(0, 1), ...closedOf(LOAD, LOADED.dataset, 'event', 0) };
    const [run] = spansOf(closed, ['c', 'b', 'a']);
    expect(run).toMatchObject({ trace: 'c', parent: 'accept/c' });
    expect(run?.links.map(({ trace }) => trace)).toEqual(['b', 'a', LOADED.eventId]);
  });

  test('begins with an event that nothing ran for, and with one whose run the catalog does not know', () => {
    const outside: DataEvent = { ...EVENT, eventId: 'outside/1', stage: null, runId: null };
    const late: DataEvent = { ...LOADED, runId: null };
    for (const event of [outside, late, LOADED]) {
      const spans = spansOf({ ...at(0, 1), kind: 'accepted', event, router: 'orders' }, undefined);
      expect(spans).toMatchObject([{ trace: event.eventId, parent: null, links: [] }]);
    }
  });

  test('of a schema change is linked with the run that saw it', () => {
    const { type, schema, table, dataset, pipeline, stage, runId } = FETCHED;
    const event: MetadataEvent = {
      ...{ type, schema, table, dataset, pipeline, stage, runId, timelabel: LABEL, revision: 1 },
      ...{ event_type: 'metadata', change: 'COLUMN_ADDED', before: [], after: [], time: EVENT.endTime },
      eventId: `${FETCHED.eventId}/COLUMN_ADDED`,
    };
    const [span] = spansOf({ ...at(0, 1), kind: 'accepted', event, router: 'orders' }, []);
    expect(span).toMatchObject({
      trace: event.eventId,
      parent: null,
      links: [{ trace: FETCHED.eventId, span: `run/${FETCHED.eventId}` }],
      attributes: { 'reefline.change': 'COLUMN_ADDED' },
    });
  });
});

describe('a span', () => {
  test('names what it is about, and a failure its class and text without secrets', async () => {
    const failure = { class: 'rejected', message: 'The server refuses s3cret.' };
    const spans = await worker().tell([
      { ...at(0, 1), ...attemptOf(LOAD, LOADED.dataset, 3), rows: null, failure },
      { ...at(2, 1), ...attemptOf(LOAD, LOADED.dataset, 4), rows: null, cancelled: true },
      { ...at(0, 1), ...deliveryOf(FETCHED, 1), replay: 'again' },
      { ...at(0, 1), kind: 'accepted', event: FETCHED, router: 'orders' },
    ]);
    const named = new Map(spans.map((span) => [span.name, span]));
    const about = {
      'reefline.pipeline': 'orders',
      'reefline.stage': LOAD.stage,
      'reefline.dataset': LOADED.dataset,
      'reefline.timelabel': LABEL,
      'reefline.revision': 1,
    };
    const failed = spans.find(({ attributes }) => attributes['reefline.attempt'] === 3);
    expect(failed?.attributes).toEqual({
      ...about,
      ...{ 'reefline.attempt': 3, 'temporal.run_id': 'temporal-run', 'error.type': 'rejected' },
    });
    expect(failed?.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: 'The server refuses ${env:SECRET}.',
    });
    expect(named.get('attempt orders.load_orders')).toMatchObject({
      attributes: { 'reefline.cancelled': true },
      status: { code: SpanStatusCode.UNSET },
      // A clock that was set back makes no span of negative length.
      duration: [0, 0],
    });
    expect(named.get('deliver customers')).toMatchObject({
      kind: SpanKind.PRODUCER,
      attributes: { 'reefline.endpoint': 'customers', 'reefline.replay': 'again', 'reefline.attempt': 1 },
    });
    expect(named.get('accept lake.shop.orders')).toMatchObject({
      kind: SpanKind.CONSUMER,
      attributes: {
        ...{ 'reefline.event.id': FETCHED.eventId, 'reefline.router': 'orders' },
        ...{ 'reefline.status': 'SUCCESS', 'reefline.rows': 3 },
      },
    });
  });

  test('is left out when the catalog does not answer, and fails nobody', async () => {
    const written: unknown[] = [];
    let away = true;
    const reader = new CauseReader((runs) =>
      away ? Promise.reject(new Error('gone')) : Promise.resolve(runs.map(() => [])),
    );
    const recorder = new Recorder(reader, (span) => written.push(span.name));
    const happening: Happening = { ...at(0, 1), ...attemptOf(LOAD, LOADED.dataset, 1) };
    recorder.record(happening);
    await recorder.settled();
    expect(written).toEqual([]);
    away = false;
    recorder.record(happening);
    await recorder.settled();
    expect(written).toEqual(['attempt orders.load_orders']);
  });

  test('needs one visit to the catalog for many runs, and none for a run that is known', async () => {
    const reads: number[] = [];
    const reader = new CauseReader((runs) => {
      reads.push(runs.length);
      return Promise.resolve(runs.map(({ revision }) => (revision === 2 ? undefined : [])));
    });
    const wanted = [1, 2, 3].map((revision) => ({ ...LOAD, revision }));
    expect(await Promise.all(wanted.map((run) => reader.of(run)))).toEqual([[], undefined, []]);
    await Promise.all(wanted.map((run) => reader.of(run)));
    // What was not in the ledger yet is looked for again.
    expect(reads).toEqual([3, 1]);
  });
});

describe('the variables of OpenTelemetry', () => {
  afterEach(() => {
    delete process.env['OTEL_TRACES_SAMPLER'];
    delete process.env['OTEL_TRACES_SAMPLER_ARG'];
  });

  test('sample whole traces: every worker takes a trace or leaves it', async () => {
    process.env['OTEL_TRACES_SAMPLER_ARG'] = '0.5';
    for (const sampler of ['parentbased_traceidratio', 'traceidratio']) {
      process.env['OTEL_TRACES_SAMPLER'] = sampler;
      const taken = new Set<number>();
      for (let label = 0; label < 40; label += 1) {
        const run = { ...FETCH, revision: label };
        CAUSES.set(idOf(run), []);
        const parts: readonly Happening[] = [
          { ...at(0, 1), ...attemptOf(run, FETCHED.dataset, 1) },
          { ...at(0, 1), ...closedOf(run, FETCHED.dataset, 'schedule', 0) },
          { ...at(0, 1), kind: 'accepted', event: eventOf(run, FETCHED.dataset), router: 'orders' },
        ];
        const spans = await Promise.all(parts.map((part) => worker().tell([part])));
        taken.add(spans.flat().length);
      }
      expect([...taken].sort()).toEqual([0, 4]);
    }
    process.env['OTEL_TRACES_SAMPLER'] = 'always_off';
    expect(await worker().tell(STORY)).toEqual([]);
  });

  test('ask for traces, or the worker says what to write and works without', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://key@collector:4318/otlp' };
    expect(askedTraces({})).toBeUndefined();
    expect(askedTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_SERVICE_NAME: 'etl' })).toBeUndefined();
    expect(askedTraces({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' })).toBeUndefined();
    expect(askedTraces({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
    expect(askedTraces(endpoint)).toEqual({ protocol: 'http/protobuf', collector: 'collector:4318' });
    expect(
      askedTraces({
        ...{ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:1/v1/traces' },
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      }),
    ).toEqual({ protocol: 'http/json', collector: 'other:1' });
    expect(askedTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })).toMatch(
      /OTEL_EXPORTER_OTLP_ENDPOINT is no http:.*Write for example http:\/\/collector:4318/,
    );
    expect(askedTraces({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toMatch(/"grpc".*4318/);
  });
});
