import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { acceptEvents } from '../../activities/accept-events.ts';
import { findUnreportedEvents } from '../../activities/find-owed.ts';
import { NO_METER } from '../../activities/metrics.ts';
import { reportEvents, type ReportEvents } from '../../activities/report-events.ts';
import type { SignalRouter } from '../../activities/signal-routers.ts';
import type { SweepTools } from '../../activities/sweep-tools.ts';
import { NO_TRACER } from '../../activities/tracer.ts';
import type { ConfigStore } from '../../catalog/config-store.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import { routerOf, routersOf } from '../../pipeline/routers.ts';
import { buildRoutingTable, type RoutingTable } from '../../pipeline/routing.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { projectOf } from '../support/project.ts';

const ENDPOINT = { name: 'customer', kind: 'sqs', queueUrl: 'https://sqs.invalid/queue.fifo' } as const;
const DAILY = { name: 'daily', period: '1d' } as const;
const PROJECT = projectOf([DAILY, { name: 'report', period: '1d', reads: ['daily'] }], [ENDPOINT]);
const DAY = 86_400_000;

/** Six tables that a stage each reads, and three routers for their events. */
const TABLES = ['a', 'b', 'c', 'd', 'e', 'f'];
const SPREAD = buildRoutingTable(1, {
  ...projectOf(
    TABLES.flatMap((name) => [
      { name, period: '1d' as const },
      { name: `of_${name}`, period: '1d' as const, reads: [name] },
    ]),
  ),
  routers: { p: 3 },
});
const routerOfTable = (table: string): string => routerOf('p', 3, `warehouse.main.${table}`);

let catalog: TestCatalog;
let signalled: string[];
let woken: string[];

beforeAll(async () => {
  catalog = await openTestCatalog('report', PROJECT);
});

afterAll(async () => {
  await catalog.close();
});

beforeEach(() => {
  [signalled, woken] = [[], []];
});

function event(table: string, day: number): ReeflineEvent {
  const timelabel = labelAt(Date.UTC(2001, 0, 1) + day * DAY);
  const dataset = `warehouse.main.${table}`;
  return {
    ...{ event_type: 'data', type: 'redshift', schema: 'main', table, timelabel, status: 'SUCCESS' },
    ...{ eventId: `p.${table}/${timelabel}/r1`, dataset, revision: 1, pipeline: 'p', stage: `p.${table}` },
  } as unknown as ReeflineEvent;
}

interface Reached {
  readonly configs?: Pick<ConfigStore, 'current'>;
  readonly signalRouter?: SignalRouter;
  readonly wake?: (endpoint: string) => Promise<void>;
}

/** The catalog's configurations, with this one in force. */
function inForce(table: RoutingTable): Pick<ConfigStore, 'current'> {
  return {
    ...{ keepsOlder: catalog.configs.keepsOlder.bind(catalog.configs) },
    ...{ version: catalog.configs.version.bind(catalog.configs) },
    current: () => Promise.resolve(table),
  };
}

function reporting({ configs, signalRouter, wake }: Reached = {}): ReportEvents {
  return reportEvents({
    db: catalog.db,
    configs: (configs ?? catalog.configs) as ConfigStore,
    signalRouter:
      signalRouter ??
      ((router, events) => {
        signalled.push(...events.map(({ eventId }) => `${router} ${eventId}`));
        return Promise.resolve();
      }),
    wake:
      wake ??
      ((endpoint) => {
        woken.push(endpoint);
        return Promise.resolve();
      }),
    meter: NO_METER,
    tracer: NO_TRACER,
  });
}

function logged(...events: readonly ReeflineEvent[]): Promise<unknown[]> {
  const ids = events.map(({ eventId }) => eventId);
  return catalog.values(
    `select event_id || ' by ' || router from reefline.data_event where event_id = any($1) order by seq`,
    ids,
  );
}

describe('what a run reports', () => {
  test('is accepted at once and its endpoints are woken when no stage depends on it', async () => {
    const last = event('report', 0);
    await reporting()('p', [last]);
    expect(await logged(last)).toEqual(['p.report/20010101000000/r1 by p']);
    expect(woken).toEqual(['customer']);
    expect(signalled).toEqual([]);
  });

  test('is left to the router when a stage depends on it, also when it comes together with what nobody depends on', async () => {
    const [first, last] = [event('daily', 1), event('report', 1)];
    await reporting()('p', [first, last]);
    expect(signalled).toEqual(['p p.daily/20010102000000/r1']);
    expect(await logged(first, last)).toEqual(['p.report/20010102000000/r1 by p']);
  });

  test('is accepted once and wakes its endpoints again when the first call died before it had woken them', async () => {
    const last = event('report', 2);
    const away = reporting({ wake: () => Promise.reject(new Error('away')) });
    await expect(away('p', [last])).rejects.toThrow('away');
    await reporting()('p', [last]);
    expect(await logged(last)).toHaveLength(1);
    expect(woken).toEqual(['customer']);
  });

  test('reaches the router too when a configuration that makes a stage depend on it comes into force meanwhile', async () => {
    const first = event('daily', 3);
    const before = buildRoutingTable(1, projectOf([DAILY], [ENDPOINT]));
    let asked = 0;
    const configs = {
      ...inForce(before),
      current: (db: Parameters<ConfigStore['current']>[0]) => {
        asked += 1;
        return asked === 1 ? Promise.resolve(before) : catalog.configs.current(db);
      },
    };
    await reporting({ configs })('p', [first]);
    expect(signalled).toEqual(['p p.daily/20010104000000/r1']);
    const { actions } = await acceptEvents(catalog.db, catalog.configs, 'p', [first]);
    expect(actions).toMatchObject([{ stage: 'p.report', timelabel: '20010104000000', kind: 'start' }]);
  });
});

describe('what runs of a pipeline with several routers report', () => {
  test('goes to the router of its dataset, in one signal to each router and in the order of the report', async () => {
    const signals: (readonly [router: string, ids: readonly string[]])[] = [];
    const signalRouter: SignalRouter = (router, events) => {
      signals.push([router, events.map(({ eventId }) => eventId)]);
      return Promise.resolve();
    };
    const events = [10, 11].flatMap((day) => TABLES.map((table) => event(table, day)));
    await reporting({ configs: inForce(SPREAD), signalRouter })('p', events);
    const expected = routersOf('p', 3).map((router) => [
      router,
      events.filter(({ dataset }) => routerOf('p', 3, dataset) === router).map(({ eventId }) => eventId),
    ]);
    expect(new Map(signals)).toEqual(new Map(expected as [string, string[]][]));
    expect(signals).toHaveLength(3);
  });

  test('has to be reported again when one of the routers was not reached, and has reached the others', async () => {
    const reached: string[] = [];
    const signalRouter: SignalRouter = (router) => {
      if (router === 'p-2') return Promise.reject(new Error('p-2 is full'));
      reached.push(router);
      return Promise.resolve();
    };
    const events = TABLES.map((table) => event(table, 12));
    const reported = reporting({ configs: inForce(SPREAD), signalRouter })('p', events);
    await expect(reported).rejects.toThrow('p-2 is full');
    expect(reached.sort()).toEqual(['p', 'p-3']);
  });

  test('is in the log under the name of the pipeline when no stage depends on it, for no router has seen it', async () => {
    const last = event('report', 13);
    const spread = buildRoutingTable(1, { ...PROJECT, routers: { p: 16 } });
    await reporting({ configs: inForce(spread) })('p', [last]);
    expect(await logged(last)).toEqual([`${last.eventId} by p`]);
    expect(signalled).toEqual([]);
  });

  test('is on its way as long as the router of its dataset works, and lost when only others do', async () => {
    const owed = TABLES.map((table) => event(table, 14));
    await catalog.db.query(
      `insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger, vector, closed_at, events)
       select e->>'stage', e->>'timelabel', 1, 'SUCCESS', 'p', e->>'dataset', 1, 'event', 'v', now() - interval '100 s', jsonb_build_array(e)
         from jsonb_array_elements($1::jsonb) e`,
      [JSON.stringify(owed)],
    );
    for (const busy of routersOf('p', 3)) {
      const tools = {
        ...{ db: catalog.db, configs: inForce(SPREAD), beat: () => undefined },
        control: { stateOf: (id: string) => Promise.resolve(id === `router/${busy}` ? 'working' : 'idle') },
      } as unknown as SweepTools;
      const { findings } = await findUnreportedEvents(tools, { age: 60, from: undefined });
      const lost = TABLES.filter((table) => routerOfTable(table) !== busy);
      const found = findings.map((finding) => finding.kind === 'unreported-event' && finding);
      expect(found.map((one) => one && [one.stage, one.router]).sort()).toEqual(
        lost.map((table) => [`p.${table}`, routerOfTable(table)]),
      );
    }
  });
});

describe('events of one dataset that several accept at once', () => {
  test('become visible in the order of their numbers, so that no publisher sends the later one first', async () => {
    const days = Array.from({ length: 120 }, (_, index) => 100 + index);
    const seen: unknown[] = [];
    let accepting = true;
    const watch = async (): Promise<void> => {
      while (accepting) {
        const fresh = await catalog.values(
          `select seq from reefline.delivery where event_id like 'p.report/20010%' and event_id >= 'p.report/200104' and not (seq = any($1)) order by seq`,
          seen,
        );
        seen.push(...fresh);
      }
    };
    const watching = watch();
    await Promise.all(days.map((day) => reporting()('p', [event('report', day)])));
    accepting = false;
    await watching;
    expect(seen.length).toBeGreaterThan(100);
    expect(seen.map(Number)).toEqual(seen.map(Number).sort((a, b) => a - b));
  });
});
