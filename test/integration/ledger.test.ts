import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptEvents } from '../../activities/accept-events.ts';
import { closeRun, type CloseRunInput } from '../../activities/close-run.ts';
import { openRun, type OpenRunInput } from '../../activities/open-run.ts';
import { readCatalogBirth, readCauses } from '../../catalog/run-causes.ts';
import { beginRun } from '../../catalog/run-ledger.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import { readIncoming } from '../../pipeline/incoming.ts';
import type { RunStep } from '../../pipeline/run-plan.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { countingMeter } from '../support/counting-meter.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const PROJECT = projectOf([
  { name: 'hourly', period: '1h' },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
]);

let catalog: TestCatalog;
const { meter, counted } = countingMeter();
const signalled: { pipeline: string; events: readonly ReeflineEvent[] }[] = [];

beforeAll(async () => {
  catalog = await openTestCatalog('ledger', PROJECT);
});

afterAll(async () => {
  await catalog.close();
});

function open(timelabel: string, request: Partial<OpenRunInput> = {}): Promise<RunStep> {
  const input: OpenRunInput = { stage: 'p.hourly', timelabel, trigger: 'manual', rerun: null, ...request };
  return openRun(catalog.db, catalog.configs, input);
}

function close(timelabel: string, revision: number, ended: Partial<CloseRunInput> = {}): Promise<unknown> {
  const output = { rows: 1, bytes: null, uri: null, columns: null };
  return closeRun(
    catalog.db,
    catalog.configs,
    (pipeline, events) => {
      signalled.push({ pipeline, events });
      return Promise.resolve();
    },
    { stage: 'p.hourly', timelabel, revision, temporalRunId: 'run', output, error: null, ...ended },
    meter,
  );
}

function begin(timelabel: string, revision: number): ReturnType<typeof beginRun> {
  return beginRun(catalog.db, { stage: 'p.hourly', timelabel, revision }, 1, 'run');
}

describe('opening', () => {
  test('repeated, it finds the run that the first call opened', async () => {
    const at = '20010105000000';
    const steps = await Promise.all(Array.from({ length: 6 }, () => open(at)));
    for (const step of steps)
      expect(step).toMatchObject({ kind: 'run', revision: 1, taskQueue: 'reefline.warehouse' });
    expect(
      await catalog.values(`select count(*)::int from reefline.stage_run where timelabel = $1`, at),
    ).toEqual([1]);
  });

  test('a requested revision opens once, however often it is asked for', async () => {
    const at = '20010105010000';
    await open(at);
    await close(at, 1);
    expect(await open(at)).toMatchObject({ kind: 'nothing-new', reason: 'same inputs' });
    const request = { rerun: 'request 1' };
    expect(await open(at, request)).toMatchObject({ kind: 'run', revision: 2 });
    await close(at, 2);
    expect(await open(at, request)).toMatchObject({ kind: 'nothing-new', reason: 'request served' });
    expect(await open(at, { rerun: 'request 2' })).toMatchObject({ kind: 'run', revision: 3 });
  });

  test('a waiting run is renumbered when somebody reports its dataset meanwhile, so that what it makes is the newest', async () => {
    const timelabel = '20010301000000';
    const priced = { stage: 'p.priced', trigger: 'manual', rerun: null, timelabel } as const;
    const openPriced = (): Promise<RunStep> => openRun(catalog.db, catalog.configs, priced);
    const report = { event_type: 'data', type: 'redshift', timelabel, status: 'SUCCESS' };
    expect(await openPriced()).toMatchObject({ kind: 'waiting' });
    await acceptEvents(catalog.db, catalog.configs, 'p', [{ ...report, schema: 'main', table: 'priced' }]);
    await acceptEvents(catalog.db, catalog.configs, 'p', [{ ...report, schema: 'partners', table: 'fares' }]);
    const outside = await catalog.values(
      `select revision from reefline.data_event where dataset = 'warehouse.main.priced' and timelabel = $1`,
      timelabel,
    );
    const runs = await catalog.values(
      `select revision from reefline.stage_run where stage = 'p.priced' and timelabel = $1`,
      timelabel,
    );
    expect({ outside, runs }).toEqual({ outside: [2], runs: [3] });
  });

  test('the causes of a run are events, the newest first; there are none for what nobody but a person asked for', async () => {
    const timelabel = '20010402000000';
    const fares = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares', timelabel };
    const send = (eventId: string, more: object = {}): Promise<unknown> =>
      acceptEvents(catalog.db, catalog.configs, 'p', [{ ...fares, status: 'SUCCESS', eventId, ...more }]);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const priced = { stage: 'p.priced', timelabel };
    await send('z-first', { traceparent, tracestate: 'rojo=1' });
    await send('a-second', { traceparent: `${traceparent}-more` });
    // The first event opened revision 1; what the second changed is found by a run that looks again.
    const again = { ...priced, trigger: 'event', rerun: null } as const;
    const output = { rows: 1, bytes: null, uri: null, columns: null };
    const ended = { ...priced, revision: 1, temporalRunId: 'run', output, error: null };
    const reported: ReeflineEvent[] = [];
    const signal = (_pipeline: string, events: readonly ReeflineEvent[]): Promise<void> => {
      reported.push(...events);
      return Promise.resolve();
    };
    await closeRun(catalog.db, catalog.configs, signal, ended);
    expect(await openRun(catalog.db, catalog.configs, again)).toMatchObject({ kind: 'run', revision: 2 });
    await closeRun(catalog.db, catalog.configs, signal, { ...ended, revision: 2 });
    // What a run reports goes on with the trace of the event that completed it, where that came with one.
    const contexts = reported.map((event) =>
      event.event_type === 'data' ? [event.traceparent, event.tracestate] : [],
    );
    expect(contexts).toEqual([
      [traceparent, 'rojo=1'],
      [undefined, undefined],
    ]);
    await open('20010402030000');
    const asked = [1, 2, 9].map((revision) => ({ ...priced, revision }));
    const causes = await readCauses(catalog.db, [
      ...asked,
      { stage: 'p.hourly', timelabel: '20010402030000', revision: 1 },
    ]);
    const first = { eventId: 'z-first', traceparent, tracestate: 'rojo=1' };
    expect(causes).toEqual([[first], [{ eventId: 'a-second' }], undefined, []]);
    expect(await readCatalogBirth(catalog.db)).toMatch(/^\d{4}-/);
  });

  test('the inputs are fixed when a run opens, whatever arrives later', async () => {
    const timelabel = '20010105000000';
    const fares = {
      event_type: 'data',
      type: 'redshift',
      schema: 'partners',
      table: 'fares',
      timelabel,
      status: 'SUCCESS',
    };
    const first = { ...fares, uri: 's3://first' };
    await acceptEvents(catalog.db, catalog.configs, 'x', [first, first, 'nonsense'], meter);
    await acceptEvents(catalog.db, catalog.configs, 'x', [first, { ...fares, uri: 's3://second' }], meter);
    expect(counted).toMatchObject({
      'events_received_total x': 5,
      'events_deduplicated_total x': 2,
      'events_rejected_total x': 1,
      'event_route_duration_seconds x': 2,
    });
    const key = { stage: 'p.priced', timelabel, revision: 1 };
    const begun = await beginRun(catalog.db, key, 1, 'run');
    // How long it took from the event to the stage is told once.
    expect(begun?.openedSeconds).toBeGreaterThan(0);
    expect((await beginRun(catalog.db, key, 2, 'run'))?.openedSeconds).toBeNull();
    expect(begun?.inputs).toEqual([{ dataset: OUTSIDE, timelabel, revision: 1, uri: 's3://first' }]);
  });
});

describe('closing', () => {
  test('repeated, it signals the very same events and writes nothing twice', async () => {
    const at = '20010106000000';
    await open(at);
    await begin(at, 1);
    const columns = [{ name: 'id', type: { kind: 'int64' as const }, nullable: false }];
    const output = { rows: 5, bytes: 10, uri: 's3://a/b', columns };
    signalled.length = 0;
    const before = { ...counted };
    await close(at, 1, { output });
    await close(at, 1, {
      output: null,
      error: { class: 'timeout', message: 'a late repetition', facts: {} },
    });
    expect(signalled).toHaveLength(2);
    expect(signalled[1]).toEqual(signalled[0]);
    const outcome = 'runs_total p p.hourly SUCCESS';
    expect((counted[outcome] ?? 0) - (before[outcome] ?? 0)).toBe(1);
    expect(counted['run_rows_total p p.hourly']).toBe((before['run_rows_total p p.hourly'] ?? 0) + 5);
    expect(signalled[0]?.events.map(({ eventId }) => eventId)).toEqual([
      `p.hourly/${at}/r1/TABLE_ADDED`,
      `p.hourly/${at}/r1`,
    ]);
    const versions = `select count(*)::int from reefline.dataset_schema where dataset = 'warehouse.main.hourly'`;
    expect(await catalog.values(versions)).toEqual([1]);
  });

  test('a run that has ended is not begun again', async () => {
    const at = '20010106010000';
    await open(at);
    await close(at, 1);
    expect(await begin(at, 1)).toBeUndefined();
  });

  test('every event that a run reports is one that a router takes', async () => {
    const at = '20010106020000';
    await open(at);
    const error = {
      class: 'data_error',
      message: `nul \u0000, half \ud83d, ${'x'.repeat(9_000)}`,
      facts: { line: 'a\u0000b' },
    };
    signalled.length = 0;
    await close(at, 1, { output: null, error });
    const [event] = signalled[0]?.events ?? [];
    expect(readIncoming(event)).toMatchObject({ kind: 'data', status: 'FAILURE' });
    const acceptance = await acceptEvents(catalog.db, catalog.configs, 'p', signalled[0]?.events ?? []);
    expect(acceptance).toMatchObject({ accepted: 1, rejected: 0 });
  });

  test('the signal is sent again when it failed after the commit', async () => {
    const at = '20010106030000';
    await open(at);
    const input = { stage: 'p.hourly', timelabel: at, revision: 1, temporalRunId: 'run', output: null };
    const error = { class: 'timeout', message: 'too slow', facts: {} };
    const failing = closeRun(
      catalog.db,
      catalog.configs,
      () => Promise.reject(new Error('Temporal is away')),
      {
        ...input,
        error,
      },
    );
    await expect(failing).rejects.toThrow('Temporal is away');
    signalled.length = 0;
    await close(at, 1, { output: null, error });
    expect(signalled[0]?.events).toMatchObject([{ status: 'FAILURE', eventId: `p.hourly/${at}/r1` }]);
  });
});

describe('outside events of a label that a stage makes', () => {
  test('get a revision after the one that is running, whose own event still counts', async () => {
    const at = '20010107000000';
    await open(at);
    const outside = {
      event_type: 'data',
      type: 'redshift',
      schema: 'main',
      table: 'hourly',
      timelabel: at,
      status: 'SUCCESS',
    };
    await acceptEvents(catalog.db, catalog.configs, 'p', [outside]);
    signalled.length = 0;
    await close(at, 1);
    const acceptance = await acceptEvents(catalog.db, catalog.configs, 'p', signalled[0]?.events ?? []);
    expect(acceptance.accepted).toBe(1);
    const revisions = `select revision from reefline.data_event where timelabel = $1 and dataset = 'warehouse.main.hourly' order by 1`;
    expect(await catalog.values(revisions, at)).toEqual([1, 2]);
  });
});
