import { afterEach, describe, expect, test } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { NO_TRACER } from '../../activities/tracer.ts';
import type { DataEvent, MetadataEvent } from '../../pipeline/data-event.ts';
import type { Happening, TracedDelivery, TracedEvent, TracedRun } from '../../pipeline/happening.ts';
import { spansOf, type Span } from '../../pipeline/trace.ts';
import { askedTraces } from '../../workers/traces/asked-traces.ts';
import { CauseReader } from '../../workers/traces/cause-reader.ts';
import { Recorder } from '../../workers/traces/recorder.ts';
import { EVENT } from '../support/sample-event.ts';
import { FAILING_EVENT } from '../support/sample-events.ts';
import { spanTree } from '../support/span-tree.ts';
import {
  at,
  attemptOf,
  CAUSES,
  closedOf,
  deliveryOf,
  eventOf,
  FETCH,
  FETCHED,
  idOf,
  LABEL,
  LOAD,
  LOADED,
  worker,
} from '../support/told-happenings.ts';
import { expectBlocks } from '../support/written-page.ts';

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

/** Each activity of the story on another worker, in an order in which none of them can have heard of another. */
async function spansOfWorkers(): Promise<readonly ReadableSpan[]> {
  const told = STORY.toReversed().map((happening) => worker().tell([happening]));
  return (await Promise.all(told)).flat();
}

const inTrace = (spans: readonly ReadableSpan[], event: TracedEvent): readonly ReadableSpan[] =>
  spans.filter((span) => span.spanContext().traceId === worker().traceOf(event));

describe('a trace', () => {
  test('holds an event from the run that makes it to the end of its dependents, whoever does the parts', async () => {
    const spans = await spansOfWorkers();
    const [fetched, loaded] = [FETCHED, LOADED].map((event) => inTrace(spans, event));
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
    expect(worker('staging').traceOf(FETCHED)).not.toBe(worker().traceOf(FETCHED));
    expect(worker().traceOf(FETCHED)).toMatch(/^[0-9a-f]{32}$/);
  });

  test('has a run with many inputs below the last of them and links it with the others', () => {
    const closed: Happening = { ...at(0, 1), ...closedOf(LOAD, LOADED.dataset, 'event', 0) };
    const causes = ['c', 'b', 'a'].map((eventId) => ({ eventId }));
    const [run] = spansOf(closed, causes);
    expect(run).toMatchObject({ trace: { eventId: 'c' }, parent: 'accept/c' });
    expect(run?.links.map(({ trace }) => trace.eventId)).toEqual(['b', 'a', LOADED.eventId]);
  });

  test('begins with an event that nothing ran for, and with one whose run the catalog does not know', () => {
    const outside: DataEvent = { ...EVENT, eventId: 'outside/1', stage: null, runId: null };
    const late: DataEvent = { ...LOADED, runId: null };
    for (const event of [outside, late, LOADED]) {
      const spans = spansOf({ ...at(0, 1), kind: 'accepted', event, router: 'orders' }, undefined);
      expect(spans).toMatchObject([{ trace: { eventId: event.eventId }, parent: null, links: [] }]);
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
      trace: { eventId: event.eventId },
      parent: null,
      links: [{ trace: { eventId: FETCHED.eventId }, span: `run/${FETCHED.eventId}` }],
      attributes: { 'reefline.change': 'COLUMN_ADDED' },
    });
  });
});

/** A service that traces its work reports fares that are there; a load takes them, and the customer hears of both. */
const SERVICE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const CONTEXT = `00-${SERVICE.traceId}-${SERVICE.spanId}-01`;
const FARES: DataEvent = {
  ...EVENT,
  ...{ eventId: 'outside/1', dataset: 'lake.partner.fares', pipeline: null, stage: null, runId: null },
  traceparent: CONTEXT,
  tracestate: 'rojo=1',
};
const PRICE: TracedRun = { stage: 'orders.load_prices', timelabel: LABEL, revision: 1 };
const PRICED: DataEvent = {
  ...eventOf(PRICE, 'warehouse.marts.prices'),
  traceparent: CONTEXT,
  tracestate: 'rojo=1',
};
CAUSES.set(idOf(PRICE), [
  { eventId: FARES.eventId, traceparent: CONTEXT, tracestate: 'rojo=1' },
  { eventId: FETCHED.eventId },
]);
const OUTSIDE_STORY: readonly Happening[] = [
  { ...at(0, 21), kind: 'accepted', event: FARES, router: 'orders' },
  { ...at(30, 60), ...deliveryOf(FARES, 1) },
  { ...at(40, 1540), ...attemptOf(PRICE, PRICED.dataset, 1) },
  { ...at(1550, 1570), ...closedOf(PRICE, PRICED.dataset, 'event', 15), reported: PRICED },
  { ...at(1580, 1600), kind: 'accepted', event: PRICED, router: 'orders' },
  { ...at(1610, 1640), ...deliveryOf(PRICED, 1) },
];

describe('a trace that began outside', () => {
  test('goes on from the service to the queue, by way of all that its event brings about', async () => {
    const told = OUTSIDE_STORY.toReversed().map((happening) => worker().tell([happening]));
    const spans = (await Promise.all(told)).flat();
    for (const span of spans) {
      expect(span.spanContext().traceId).toBe(SERVICE.traceId);
      expect(span.spanContext().traceState?.serialize()).toBe('rojo=1');
    }
    const root = spans.find(({ name }) => name === 'accept lake.partner.fares');
    expect(root?.parentSpanContext).toMatchObject({ ...SERVICE, isRemote: true });
    expectBlocks('operate.md', { 'outside trace': `\`\`\`text\n${spanTree(spans)}\n\`\`\`` });
    // The other event that the run had waited for is in its own trace.
    const run = spans.find(({ name }) => name === 'run orders.load_prices');
    expect(run?.links).toMatchObject([{ context: { traceId: worker().traceOf(FETCHED) } }]);
    const delivery = { event: PRICED, endpoint: 'customers', attempt: 1, replay: null };
    const delivered = spans.find(
      ({ attributes }) =>
        attributes['reefline.event.id'] === PRICED.eventId && attributes['reefline.endpoint'],
    );
    expect(worker().traceparent(delivery)).toBe(
      `00-${SERVICE.traceId}-${delivered?.spanContext().spanId ?? ''}-01`,
    );
  });

  test('keeps to what it says of sampling, and has no gap where its spans are not kept', async () => {
    const ignored = CONTEXT.replace(/1$/, '0');
    const parts = OUTSIDE_STORY.map((happening): Happening => {
      return 'event' in happening && happening.kind !== 'reported'
        ? { ...happening, event: { ...happening.event, traceparent: ignored } as DataEvent }
        : happening;
    });
    CAUSES.set(idOf(PRICE), [{ eventId: FARES.eventId, traceparent: ignored }]);
    expect(await worker().tell(parts)).toEqual([]);
    CAUSES.set(idOf(PRICE), [{ eventId: FARES.eventId, traceparent: CONTEXT }]);
    const of = (event: DataEvent): TracedDelivery => ({ event, endpoint: 'c', attempt: 1, replay: null });
    expect(worker().traceparent(of({ ...FARES, traceparent: ignored }))).toBe(ignored);
    // A worker without traces hands on what it was given.
    expect(NO_TRACER.traceparent(of(FARES))).toBe(CONTEXT);
    expect(NO_TRACER.traceparent(of(FETCHED))).toBeUndefined();
    expect(worker().traceparent(of(FETCHED))).toMatch(
      new RegExp(`^00-${worker().traceOf(FETCHED)}-[0-9a-f]{16}-01$`),
    );
  });
});

describe('an event that no run reports', () => {
  const late: DataEvent = { ...LOADED, runId: null, status: 'FAILURE', outcome: 'LATE' };
  const held: DataEvent = { ...late, outcome: 'HELD' };

  test('of a label that is late or given up is below the passing of its deadline', async () => {
    for (const event of [late, { ...late, outcome: 'MISSING' } as const]) {
      const spans = await worker().tell([
        { ...at(0, 12), kind: 'overdue', event },
        { ...at(20, 30), kind: 'accepted', event, router: 'orders' },
        { ...at(40, 50), ...deliveryOf(event, 1) },
      ]);
      const lines = spanTree(spans).split('\n');
      expect(lines.map((line) => line.replace(/ +\+.*/, ''))).toEqual([
        'overdue orders.load_orders',
        '  accept warehouse.analytics.orders',
        '    deliver customers',
      ]);
      expect(lines[0]).toContain(`outcome=${event.outcome}`);
    }
  });

  test('and that no router took is above its deliveries, and near what led to it', () => {
    const causes = [{ eventId: 'a', traceparent: CONTEXT }, { eventId: 'b' }];
    const [span] = spansOf({ ...at(0, 1), kind: 'reported', event: held, causes }, undefined);
    expect(span).toMatchObject({
      trace: { eventId: held.eventId },
      parent: null,
      span: `accept/${held.eventId}`,
    });
    expect(span?.links.map((link) => link.span)).toEqual(['accept/a', 'accept/b']);
    const event = { ...held, traceparent: CONTEXT };
    const [inside] = spansOf({ ...at(0, 1), kind: 'reported', event, causes }, undefined);
    expect(inside).toMatchObject({ parent: 'accept/a', links: [{ span: 'accept/b' }] });
    const [delivered] = spansOf({ ...at(0, 1), ...deliveryOf(held, 1), failure: null }, undefined);
    expect(delivered?.parent).toBe(span?.span);
  });

  test('about the health of an endpoint is above its deliveries, unless a person changed that', () => {
    const delivery = { ...at(0, 1), ...deliveryOf(FETCHED, 1) };
    const [told] = spansOf({ ...at(0, 1), kind: 'reported', event: FAILING_EVENT, causes: [] }, undefined);
    expect(told).toMatchObject({ parent: null, attributes: { 'reefline.health': 'failing' } });
    expect(spansOf({ ...delivery, event: FAILING_EVENT }, undefined)).toMatchObject([{ parent: told?.span }]);
    const paused = { ...FAILING_EVENT, health: 'paused' } as const;
    expect(spansOf({ ...delivery, event: paused }, undefined)).toMatchObject([{ parent: null }]);
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
    const write = (span: Span): void => void written.push(span.name);
    const recorder = new Recorder(reader, { write, traceparentOf: () => '' });
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
