import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { acceptEvents } from '../../activities/accept-events.ts';
import { NO_METER } from '../../activities/metrics.ts';
import { reportEvents, type ReportEvents } from '../../activities/report-events.ts';
import { NO_TRACER } from '../../activities/tracer.ts';
import type { ConfigStore } from '../../catalog/config-store.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import { buildRoutingTable } from '../../pipeline/routing.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { projectOf } from '../support/project.ts';

const ENDPOINT = { name: 'customer', kind: 'sqs', queueUrl: 'https://sqs.invalid/queue.fifo' } as const;
const DAILY = { name: 'daily', period: '1d' } as const;
const PROJECT = projectOf([DAILY, { name: 'report', period: '1d', reads: ['daily'] }], [ENDPOINT]);
const DAY = 86_400_000;

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

function event(table: 'daily' | 'report', day: number): ReeflineEvent {
  const timelabel = labelAt(Date.UTC(2001, 0, 1) + day * DAY);
  const dataset = `warehouse.main.${table}`;
  return {
    ...{ event_type: 'data', type: 'redshift', schema: 'main', table, timelabel, status: 'SUCCESS' },
    ...{ eventId: `p.${table}/${timelabel}/r1`, dataset, revision: 1, pipeline: 'p', stage: `p.${table}` },
  } as unknown as ReeflineEvent;
}

interface Reached {
  readonly configs?: Pick<ConfigStore, 'current'>;
  readonly wake?: (endpoint: string) => Promise<void>;
}

function reporting({ configs, wake }: Reached = {}): ReportEvents {
  return reportEvents({
    db: catalog.db,
    configs: (configs ?? catalog.configs) as ConfigStore,
    signalRouter: (pipeline, events) => {
      signalled.push(...events.map(({ eventId }) => `${pipeline} ${eventId}`));
      return Promise.resolve();
    },
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
      ...{ keepsOlder: catalog.configs.keepsOlder.bind(catalog.configs) },
      ...{ version: catalog.configs.version.bind(catalog.configs) },
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
