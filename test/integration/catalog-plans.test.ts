import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { acceptEvents } from '../../activities/accept-events.ts';
import { closeRun } from '../../activities/close-run.ts';
import { claimDeliveries, settleDeliveries } from '../../catalog/outbox.ts';
import { beginRun } from '../../catalog/run-ledger.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import { openTestCatalog } from '../support/catalog.ts';
import { freshCatalog } from '../support/local-cloud.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

/** What grows with every event. */
const GROWING = ['data_event', 'verdict', 'stage_run', 'run_input', 'delivery', 'rejected_event'];

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** The growing tables that a plan reads from one end to the other. */
function readWhole(node: PlanNode): string[] {
  const { 'Node Type': type, 'Relation Name': table = '', Plans = [] } = node;
  const own = type === 'Seq Scan' && GROWING.includes(table) ? [table] : [];
  return [...own, ...Plans.flatMap(readWhole)];
}

/** A catalog with 3,000 messages that are owed since its statistics were made, over a pool of one session. */
async function withOwed(work: (one: pg.Pool) => Promise<void>): Promise<void> {
  const database = await freshCatalog('owed');
  const one = new pg.Pool({ connectionString: database.url, max: 1 });
  one.on('error', () => undefined);
  const writer = new pg.Client({ connectionString: database.url });
  writer.on('error', () => undefined);
  try {
    await writer.connect();
    await writer.query(
      `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'c', '{}');
       insert into reefline.endpoint (name, definition, config_version) values ('customers', '{}', 1)`,
    );
    await writer.query('begin');
    await writer.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
       select 'owed/' || n, 'data', 'a.b.c', '20010101000000', n, 'p', '{}' from generate_series(1, 3000) n;
       insert into reefline.delivery (endpoint, seq, event_id, dataset)
       select 'customers', seq, event_id, dataset from reefline.data_event`,
    );
    // What has not been committed does not count, but its pages do.
    await one.query('analyze reefline.delivery');
    await writer.query('commit');
    await work(one);
  } finally {
    await writer.end();
    await one.end();
    await database.drop();
  }
}

async function explained(one: pg.Pool, call: string): Promise<readonly string[]> {
  const { rows } = await one.query<{ 'QUERY PLAN': string }>(`explain (costs off) execute ${call}`);
  return rows.map((row) => row['QUERY PLAN'].trim());
}

describe('what an endpoint is owed', () => {
  test('is claimed in the order of an index also while statistics say that nobody is owed anything', async () => {
    await withOwed(async (one) => {
      const claimed = await claimDeliveries(one, 'customers', 2, 30);
      expect(claimed.map(({ eventId }) => eventId)).toEqual(['owed/1', 'owed/2']);
      const plan = await explained(one, `"claim-deliveries-2"('customers', 30)`);
      expect(plan).toContain('->  Index Scan using delivery_owed on delivery');
      expect(plan.filter((line) => line.includes('Sort Key'))).toEqual(['Sort Key: c.seq']);
    });
  });

  test('is marked by a look-up for each message also while statistics say that nobody is owed anything', async () => {
    await withOwed(async (one) => {
      const sent = { eventId: 'owed/2', replay: null, messageId: 'm', error: null, retryIn: null };
      await settleDeliveries(one, 'customers', [sent], 60);
      const plan = await explained(one, `"settle-deliveries"('customers', '[]', 60, 1, 0, null, null)`);
      expect(plan).toContainEqual(expect.stringMatching(/Tid Scan on delivery d/));
      const marked = await one.query<{ event_id: string }>(
        `select event_id from reefline.delivery where status = 'delivered'`,
      );
      expect(marked.rows).toEqual([{ event_id: 'owed/2' }]);
    });
  });
});

describe('a routed event', () => {
  test('is accepted, begun, closed and accepted again by indexes alone, however many are on record', async () => {
    const endpoint = { name: 'customers', kind: 'sqs', queueUrl: 'https://sqs.invalid/queue' } as const;
    const project = projectOf(
      [
        { name: 'priced', period: '1d', reads: [OUTSIDE] },
        { name: 'weekly', period: '1w', reads: ['priced'] },
      ],
      [endpoint],
    );
    const catalog = await openTestCatalog('plans', project);
    const statements = new Set<string>();
    const heard = new WeakSet<object>();
    try {
      await catalog.db.query(`
        insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, stage, router, body)
          select 'e/' || n, 'data', dataset, to_char(timestamp '1801-01-01' + n * interval '1 day', 'YYYYMMDD') || '000000', 1,
                 'SUCCESS', 'SUCCESS', 'p.priced', 'p', '{}'
            from generate_series(1, 10000) n, (values ('${OUTSIDE}'), ('warehouse.main.priced')) d(dataset) on conflict do nothing;
        insert into reefline.stage_run (stage, timelabel, revision, status, pipeline, dataset, config_version, trigger, closed_at)
          select stage, timelabel, 1, 'SUCCESS', 'p', 'warehouse.main.priced', 1, 'event', clock_timestamp() from reefline.data_event;
        insert into reefline.run_input (stage, timelabel, revision, dataset, input_label, input_revision, event_id)
          select stage, timelabel, 1, '${OUTSIDE}', timelabel, 1, event_id from reefline.data_event;
        insert into reefline.verdict (event_id, stage, timelabel, verdict, reason, config_version)
          select event_id, stage, timelabel, 'started', '', 1 from reefline.data_event;
        insert into reefline.delivery (endpoint, seq, event_id, dataset, status)
          select 'customers', seq, event_id, dataset, 'delivered' from reefline.data_event;
        insert into reefline.rejected_event (fingerprint, router, field, reason, raw) select event_id, 'p', 'x', 'x', 'x' from reefline.data_event;
        analyze`);
      catalog.db.on('acquire', (client) => {
        if (heard.has(client)) return;
        heard.add(client);
        const query = client.query.bind(client) as (...args: unknown[]) => unknown;
        client.query = ((...args: unknown[]) => {
          const [asked] = args as [string | { readonly text: string }];
          statements.add(typeof asked === 'string' ? asked : asked.text);
          return query(...args);
        }) as typeof client.query;
      });
      const partner = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' };
      const message = { ...partner, timelabel: '20010101000000', status: 'SUCCESS' };
      const gone = { ...message, dataset: 'warehouse.main.gone', schema: 'main', table: 'gone' };
      const claimed = { ...gone, eventId: 'p.gone/20010101000000/r1', stage: 'p.gone', revision: 1 };
      const messages = [message, 'no event', claimed];
      const { actions } = await acceptEvents(catalog.db, catalog.configs, 'p', messages);
      expect(actions).toMatchObject([{ stage: 'p.priced', step: { kind: 'run', revision: 1 } }]);
      const key = { stage: 'p.priced', timelabel: '20010101000000', revision: 1 };
      await beginRun(catalog.db, key, 1, 'run');
      const output = { rows: 1, bytes: null, uri: null, columns: null };
      const signalled: ReeflineEvent[] = [];
      const signal = (_: string, events: readonly ReeflineEvent[]): Promise<void> => {
        signalled.push(...events);
        return Promise.resolve();
      };
      const closing = { ...key, temporalRunId: 'run', output, error: null };
      await closeRun(catalog.db, catalog.configs, signal, closing);
      await acceptEvents(catalog.db, catalog.configs, 'p', signalled);
      const asked = [...statements].filter((text) =>
        GROWING.some((table) => text.includes(`reefline.${table}`)),
      );
      expect(asked.length).toBeGreaterThan(6);
      const whole: unknown[] = [];
      for (const text of asked) {
        const [plan] = await catalog.values(`explain (generic_plan, format json) ${text}`);
        const [{ Plan: top }] = plan as [{ Plan: PlanNode }];
        for (const table of readWhole(top)) whole.push({ table, text });
      }
      expect(whole).toEqual([]);
    } finally {
      await catalog.close();
    }
  });
});
