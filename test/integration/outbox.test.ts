import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { judgeHealth } from '../../activities/endpoint-health.ts';
import { pauseAndReport, resumeAndReport } from '../../activities/pause-endpoint.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readEndpointViews } from '../../catalog/endpoint-health.ts';
import { readEvent, searchEvents } from '../../catalog/event-views.ts';
import { decideDeadLetters, readDeliveries, type DeliveryView } from '../../catalog/dead-letters.ts';
import { openReplay, replayStep, type ReplayRequest } from '../../catalog/replays.ts';
import { claimInOrder, nextDueInOrder, releaseDeliveries } from '../../catalog/ordered-outbox.ts';
import { claimDeliveries, nextDue, settleDeliveries } from '../../catalog/outbox.ts';
import { readStandingFigures, type StandingFigures } from '../../catalog/standing-figures.ts';
import { freshCatalog, type FreshDatabase } from '../support/local-cloud.ts';
import { projectOf } from '../support/project.ts';

describe('what an endpoint is owed', () => {
  let database: FreshDatabase;
  let db: pg.Pool;

  beforeAll(async () => {
    database = await freshCatalog('outbox');
    db = new pg.Pool({ connectionString: database.url, max: 2 });
    // The database may be dropped before a connection that is ending has said goodbye.
    db.on('error', () => undefined);
    await db.query(
      `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'c', '{}');
       insert into reefline.endpoint (name, definition, config_version) values ('customers', '{}', 1);
       insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
         values ('e1', 'data', 'a.b.c', '20010101000000', 1, 'p', '{}');`,
    );
  });

  beforeEach(async () => {
    await db.query(`delete from reefline.delivery; update reefline.endpoint set paused_at = null`);
  });

  afterAll(async () => {
    await db.end();
    await database.drop();
  });

  const owe = (): Promise<unknown> =>
    db.query(
      `insert into reefline.delivery (endpoint, seq, event_id, dataset) values ('customers', 1, 'e1', 'a.b.c')`,
    );
  const settle = (
    message: string | null,
    retryIn: number | null,
    giveUpSeconds = 86_400,
  ): Promise<number> => {
    const error = message === null ? null : ({ failureClass: 'unauthorized', message } as const);
    return settleDeliveries(
      db,
      'customers',
      [{ eventId: 'e1', replay: null, messageId: null, error, retryIn }],
      giveUpSeconds,
    );
  };
  const letters = (): Promise<readonly DeliveryView[]> => readDeliveries(db, { status: 'dead' }, 10);
  const decide = (decision: 'redrive' | 'discard'): Promise<readonly string[]> =>
    decideDeadLetters(db, { endpoint: 'customers', eventIds: ['e1', 'e2'] }, decision, 'ada');

  test('has no next time while nothing is owed, or a publisher would call without end', async () => {
    expect(await nextDue(db, 'customers')).toBeNull();
    await owe();
    await settle(null, null);
    expect(await nextDue(db, 'customers')).toBeNull();
  });

  test('is due now, and later for what was tried in vain or is claimed', async () => {
    await owe();
    expect(await nextDue(db, 'customers')).toBe(0);
    expect(await claimDeliveries(db, 'customers', 10, 60)).toHaveLength(1);
    expect(await nextDue(db, 'customers')).toBeGreaterThan(30);
    await settle('the queue is away', 1000);
    expect(await nextDue(db, 'customers')).toBeGreaterThan(900);
  });

  test('ends after the stated time: the message is a dead letter that says why, and can be sent again', async () => {
    await owe();
    await settle('no access', 5, 3600);
    expect(await letters()).toEqual([]);
    await db.query(
      `update reefline.delivery set owed_at = owed_at - interval '2 hours', next_attempt_at = clock_timestamp()`,
    );
    await claimDeliveries(db, 'customers', 10, 0);
    await settle('no access', 5, 3600);
    expect(await letters()).toMatchObject([
      { eventId: 'e1', dataset: 'a.b.c', attempts: 1, errorClass: 'unauthorized', lastError: 'no access' },
    ]);
    const [{ firstAttemptAt, lastAttemptAt } = {}] = await letters();
    expect(Number(lastAttemptAt)).toBeGreaterThan(Number(firstAttemptAt));
    expect(await nextDue(db, 'customers')).toBeNull();
    // Once, however often it is asked for; and it has the whole time again.
    expect(await decide('redrive')).toEqual(['e1']);
    expect(await decide('redrive')).toEqual([]);
    expect(await nextDue(db, 'customers')).toBe(0);
    await settle('no access', 5, 3600);
    expect(await letters()).toEqual([]);
  });

  test('ends at once when a person discards a dead letter, and only then', async () => {
    await owe();
    expect(await decide('discard')).toEqual([]);
    expect(await settle('the message is refused', null)).toBe(1);
    expect(await decide('discard')).toEqual(['e1']);
    expect(await decide('redrive')).toEqual([]);
    expect(await readDeliveries(db, { endpoint: 'customers' }, 10)).toMatchObject([
      { status: 'discarded', decidedBy: 'ada', lastError: 'the message is refused' },
    ]);
  });

  test('is in the figures of the metrics, beside everything else that has not ended', async () => {
    const figures = (): Promise<StandingFigures> => readStandingFigures(db, 5);
    const [endpoint, oldest] = ['customers', expect.any(Number)];
    expect(await figures()).toEqual({
      configVersion: 1,
      open: [],
      held: [],
      backfills: [],
      endpoints: [{ endpoint, paused: false, health: 'healthy', owed: 0, dead: 0, oldest: null }],
      inbound: [],
    });
    await owe();
    await db.query(
      `insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger, opened_at)
         select 'p.day', '2001010' || n || '000000', 1, status, 'p', 'a.b.c', 1, 'event', clock_timestamp() - make_interval(hours => n)
           from (values (1, 'WAITING'), (2, 'WAITING'), (3, 'RUNNING'), (4, 'SUCCESS')) r(n, status);
       insert into reefline.held_run (stage, timelabel, cause, trigger) values ('p.day', '20010108000000', 'storm', 'event');
       insert into reefline.backfill (id, request, plan, status, config_version, created_by)
         values ('under-way', '{}', '{}', 'paused', 1, 'ada'), ('over', '{}', '{}', 'completed', 1, 'ada');
       insert into reefline.backfill_item (backfill, position, stage, timelabel, state, upstream, lead, baseline)
         values ('under-way', 1, 'p.day', '20010101000000', 'planned', '{}', 1, 0),
                ('over', 1, 'p.day', '20010101000000', 'success', '{}', 1, 0);
       update reefline.endpoint set paused_at = clock_timestamp();
       update reefline.config_version set project = '{"inbound": [{"name": "drop"}, {"name": "fresh"}]}';
       insert into reefline.inbound_source (name, last_poll_at, lag_seconds, error)
         values ('drop', clock_timestamp(), 3, 'x'), ('removed', clock_timestamp(), 0, null);`,
    );
    const now = await figures();
    expect(now).toEqual({
      configVersion: 1,
      open: [{ pipeline: 'p', waiting: 2, running: 1, oldest }],
      held: [{ pipeline: 'p', cause: 'storm', count: 1 }],
      backfills: [{ state: 'planned', count: 1 }],
      endpoints: [{ endpoint, paused: true, health: 'paused', owed: 1, dead: 0, oldest }],
      inbound: [
        { source: 'drop', failing: true, lag: 3, sincePoll: expect.any(Number), sinceEvent: null },
        { source: 'fresh', failing: false, lag: null, sincePoll: null, sinceEvent: null },
      ],
    });
    expect(now.open[0]?.oldest).toBeGreaterThan(7000);
    await settle('the message is refused', null);
    expect((await figures()).endpoints).toEqual([
      { endpoint, paused: true, health: 'paused', owed: 0, dead: 1, oldest: null },
    ]);
  });

  test('is owed once more by a replay, once however often the command dies, is repeated, or runs twice at once', async () => {
    const request: ReplayRequest = {
      from: new Date('2001-01-01T00:00:00Z'),
      to: new Date('2001-01-02T00:00:00Z'),
      pipeline: 'p',
    };
    // More than one transaction takes; of another pipeline, and of the moment at which the range ends, one each.
    await db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body, received_at)
       select 'r' || n, 'data', 'a.b.r', '20010101000000', n, 'p', jsonb_build_object('eventId', 'r' || n, 'pipeline', case n when 1501 then 'q' else 'p' end),
              case n when 1502 then timestamptz '2001-01-02T00:00:00Z' else timestamptz '2001-01-01T00:00:00Z' end
         from generate_series(1, 1502) n`,
    );
    await db.query(
      `insert into reefline.delivery (endpoint, seq, event_id, dataset, status, attempts)
       select 'customers', seq, event_id, dataset, s, 1 from reefline.data_event
         join (values ('r1', 'delivered'), ('r2', 'dead'), ('r3', 'discarded'), ('r4', 'owed')) given(id, s) on id = event_id`,
    );
    const open = (by: string, asked = request): ReturnType<typeof openReplay> =>
      openReplay(db, 'again', 'customers', asked, by);
    const passes = ({ eventId }: { eventId: string }): boolean => eventId !== 'r5';
    expect(await open('ada')).toMatchObject({ same: true, replay: { endedAt: null, owed: 0 } });
    const dying = replayStep(db, 'again', request, () => {
      throw new Error('the command dies');
    });
    await expect(dying).rejects.toThrow('the command dies');
    const begun = await replayStep(db, 'again', request, passes);
    expect(begun).toMatchObject({ endedAt: null, passed: 999, owed: 997 });
    // What was sent meanwhile is not sent again by who goes on.
    await db.query(`update reefline.delivery set status = 'delivered' where replay = 'again'`);
    expect(await open('bob')).toMatchObject({ same: true, replay: { askedBy: 'ada', owed: 997 } });
    await Promise.all([1, 2].map(() => replayStep(db, 'again', request, passes)));
    const { replay } = await open('bob');
    expect(replay).toMatchObject({ askedBy: 'ada', passed: 1499, owed: 1497, endedAt: expect.any(Date) });
    const found = await db.query<{ owed: number; kept: string[] }>(
      `select count(*) filter (where replay = 'again' and status = 'owed')::int as owed,
              array_agg(event_id || ' ' || status order by event_id) filter (where replay is null) as kept from reefline.delivery`,
    );
    expect(found.rows).toEqual([{ owed: 500, kept: ['r3 discarded', 'r4 owed'] }]);
    expect((await open('bob', { ...request, pipeline: 'q' })).same).toBe(false);
  });

  test.each([0, 2_000])(
    'is claimed, settled and looked at without reading the rest of a backlog of which the planner knows nothing (%s)',
    async (known) => {
      const [owed, datasets, limit] = [20_000, 10, 20];
      // Statistics of a time at which nothing was owed, or only to others, as after the first hour of an outage.
      await db.query('alter table reefline.delivery set (autovacuum_enabled = off)');
      await db.query(
        `insert into reefline.endpoint (name, definition, config_version) values ('others', '{}', 1) on conflict do nothing`,
      );
      await db.query(
        `insert into reefline.delivery (endpoint, seq, event_id, dataset) select 'others', n, 'o' || n, 'o.o.o' from generate_series(1, $1::int) n`,
        [known],
      );
      await db.query('vacuum analyze reefline.delivery');
      await db.query(
        `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
       select 'b' || n, 'data', 'b.b.' || n % $2, '20010101000000', n, 'p', '{}' from generate_series(1, $1::int) n on conflict do nothing`,
        [owed, datasets],
      );
      await db.query(
        `insert into reefline.delivery (endpoint, seq, event_id, dataset)
       select 'customers', seq, event_id, dataset from reefline.data_event where event_id like 'b%'`,
      );
      const one = new pg.Pool({ connectionString: database.url, max: 1 });
      const read = async (): Promise<number> => {
        await one.query('select pg_stat_force_next_flush()');
        const found = await one.query<{ rows: number }>(
          `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_user_tables where schemaname = 'reefline'`,
        );
        return found.rows[0]?.rows ?? 0;
      };
      // What the two sessions of the pool read before now is counted before now.
      await Promise.all([1, 2].map(() => db.query('select pg_stat_force_next_flush()')));
      try {
        // The plan that is made once for all values is taken from the sixth call on.
        for (const mode of ['force_custom_plan', 'force_generic_plan']) {
          await one.query(`set plan_cache_mode = ${mode}`);
          for (const [claim, due] of [
            [claimDeliveries, nextDue],
            [claimInOrder, nextDueInOrder],
          ] as const) {
            const before = await read();
            const claimed = await claim(one, 'customers', limit, 60);
            expect(claimed).toHaveLength(limit);
            const outcomes = claimed.slice(1).map(({ eventId }) => ({
              eventId,
              replay: null,
              messageId: 'm',
              error: null,
              retryIn: null,
            }));
            expect(await settleDeliveries(one, 'customers', outcomes, 60)).toBe(0);
            await releaseDeliveries(one, 'customers', [claimed[0]?.eventId ?? '']);
            expect(await due(one, 'customers')).toBe(0);
            expect((await read()) - before).toBeLessThan(owed / 20);
          }
        }
      } finally {
        await one.end();
        await db.query('alter table reefline.delivery reset (autovacuum_enabled)');
      }
    },
  );

  test('stays owed by a replay when who sent it before comes too late to say so', async () => {
    await owe();
    await claimDeliveries(db, 'customers', 10, 0);
    await claimDeliveries(db, 'customers', 10, 0);
    await settle(null, null);
    const { from, to } = { from: new Date(0), to: new Date('2100-01-01T00:00:00Z') };
    const request: ReplayRequest = { from, to, dataset: 'a.b.c' };
    await openReplay(db, 'overtaking', 'customers', request, 'ada');
    expect(await replayStep(db, 'overtaking', request, () => true)).toMatchObject({ owed: 1 });
    await settle(null, null);
    expect(await nextDue(db, 'customers')).toBe(0);
    const [claimed] = await claimDeliveries(db, 'customers', 10, 60);
    expect(claimed).toMatchObject({ eventId: 'e1', replay: 'overtaking', attempts: 1 });
  });

  test('tells how an endpoint fares, and tells the others of each change once, whoever dies or comes twice', async () => {
    const project = projectOf(
      [{ name: 'priced', period: '1d', reads: [] }],
      [
        { name: 'customers', kind: 'sqs', queueUrl: 'q' },
        { name: 'audit', kind: 'sqs', queueUrl: 'q' },
        { name: 'marts', kind: 'sqs', queueUrl: 'q', schemas: { allow: ['marts'] } },
      ],
    );
    await db.query(
      `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'd', '${JSON.stringify(project)}');
       insert into reefline.endpoint (name, definition, config_version) values ('audit', '{"kind": "sqs"}', 2), ('marts', '{"kind": "sqs"}', 2);
       delete from reefline.endpoint_health; update reefline.endpoint set paused_at = null;`,
    );
    const woken: string[] = [];
    const wake = async (endpoint: string): Promise<void> => {
      woken.push(endpoint);
      throw new Error('Temporal is away');
    };
    const tools = { db, configs: new ConfigStore(), wake };
    const judge = (): Promise<number | null> => judgeHealth(tools, 'customers');
    const health = async (): Promise<string | undefined> =>
      (await readEndpointViews(db)).find(({ name }) => name === 'customers')?.health;
    const earlier = (column: string, interval: string): Promise<unknown> =>
      db.query(`update reefline.endpoint_health set ${column} = ${column} - interval '${interval}'`);
    await owe();
    for (let call = 0; call < 2; call += 1) await settle('no access', 5);
    expect(await judge()).toBeNull();
    expect(await health()).toBe('healthy');
    await settle('no access', 5);
    await judge();
    expect(await health()).toBe('degraded');
    await earlier('failing_since', '61 seconds');
    const crashing = new Proxy(db, {
      get: (pool, field): unknown => {
        if (field === 'query') return pool.query.bind(pool);
        if (field !== 'connect') return Reflect.get(pool, field);
        return async () => {
          const client = await pool.connect();
          const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
          client.query = ((...args: unknown[]) => {
            if ((args[0] as { name?: string }).name !== 'append-events') return query(...args);
            client.query = query as typeof client.query;
            throw new Error('the worker dies');
          }) as typeof client.query;
          return client;
        };
      },
    });
    await expect(judgeHealth({ ...tools, db: crashing }, 'customers')).rejects.toThrow('the worker dies');
    expect(await health()).toBe('degraded');
    await Promise.all([judge(), judge()]);
    expect(await health()).toBe('failing');
    await settle(null, null);
    // It is well when it has been so for a while, which the publisher waits for.
    expect(await judge()).toBeGreaterThan(50);
    await earlier('last_failure_at', '60 seconds');
    expect(await judge()).toBeNull();
    expect(await health()).toBe('healthy');
    for (let time = 0; time < 2; time += 1) await pauseAndReport(tools, 'customers', 'ada', 'a move');
    expect(await health()).toBe('paused');
    expect(await Promise.all([1, 2].map(() => resumeAndReport(tools, 'customers')))).toContain(true);
    const changes = [...(await searchEvents(db, { type: 'endpoint' }, 10))].reverse();
    expect(changes.map(({ eventId, body }) => [eventId, (body as { health?: string }).health])).toEqual([
      ['endpoint/customers/1', 'degraded'],
      ['endpoint/customers/2', 'failing'],
      ['endpoint/customers/3', 'healthy'],
      ['endpoint/customers/4', 'paused'],
      ['endpoint/customers/5', 'healthy'],
    ]);
    expect(await readEvent(db, 'endpoint/customers/2')).toMatchObject({
      dataset: 'reefline.endpoint.customers',
      revision: 2,
      body: { previous: 'degraded', error: { class: 'unauthorized', message: 'no access' } },
      deliveries: [{ endpoint: 'audit', status: 'owed' }],
    });
    expect(woken).toEqual(Array(5).fill('audit'));
    const filed = await db.query<{ endpoint: string; count: number }>(
      `select endpoint, count(*)::int as count from reefline.delivery where event_id like 'endpoint/%' group by 1`,
    );
    expect(filed.rows).toEqual([{ endpoint: 'audit', count: 5 }]);
  });
});
