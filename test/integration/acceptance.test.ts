import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { acceptEvents, type Acceptance } from '../../activities/accept-events.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const ENDPOINT = { name: 'customer', kind: 'sqs', queueUrl: 'https://sqs.invalid/queue' } as const;
const PROJECT = projectOf(
  [
    { name: 'hourly', period: '1h' },
    { name: 'daily', period: '1d', reads: ['hourly'] },
    { name: 'weekly', period: '1w', reads: ['daily'] },
    { name: 'priced', period: '1d', reads: [OUTSIDE] },
  ],
  [ENDPOINT],
);
const DAY_LENGTH = 86_400_000;

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('acceptance', PROJECT);
});

afterAll(async () => {
  await catalog.close();
});

function accept(...messages: unknown[]): Promise<Acceptance> {
  return acceptEvents(catalog.db, catalog.configs, 'p', messages);
}

function hour(day: number, at: number, extra: object = {}): object {
  const timelabel = labelAt(Date.UTC(2001, 0, 1) + day * DAY_LENGTH + at * 3_600_000);
  return {
    event_type: 'data',
    type: 'redshift',
    schema: 'main',
    table: 'hourly',
    timelabel,
    status: 'SUCCESS',
    ...extra,
  };
}

function fares(timelabel: string, extra: object = {}): object {
  const event = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' };
  return { ...event, timelabel, status: 'SUCCESS', ...extra };
}

async function contents(): Promise<unknown> {
  return catalog.values(
    `select jsonb_build_array((select count(*) from reefline.data_event), (select count(*) from reefline.verdict),
       (select count(*) from reefline.stage_run), (select count(*) from reefline.run_input),
       (select count(*) from reefline.delivery), (select count(*) from reefline.rejected_event))`,
  );
}

describe('an acceptance that is repeated after its commit', () => {
  test('writes nothing twice and returns the runs that nobody has begun', async () => {
    const messages = [fares('19990101000000'), fares('19990102000000'), 'no event', fares('19990101000000')];
    const first = await accept(...messages);
    const written = await contents();
    expect(first.actions.map(({ stage, timelabel, kind }) => [stage, timelabel, kind])).toEqual([
      ['p.priced', '19990101000000', 'start'],
      ['p.priced', '19990102000000', 'start'],
    ]);
    expect(first).toMatchObject({ accepted: 2, rejected: 1, endpoints: ['customer'] });
    const second = await accept(...messages);
    expect(second.actions).toEqual(first.actions);
    expect(second.accepted).toBe(0);
    expect(await contents()).toEqual(written);
  });

  test('names the endpoints that are still owed one of its events, and no others', async () => {
    const message = fares('19990103000000');
    expect((await accept(message)).endpoints).toEqual(['customer']);
    expect((await accept(message)).endpoints).toEqual(['customer']);
    await catalog.db.query(`update reefline.delivery set status = 'delivered'`);
    expect((await accept(message)).endpoints).toEqual([]);
  });

  test('tells a run that has begun instead of starting it', async () => {
    const message = fares('19990104000000');
    await accept(message);
    await catalog.db.query(
      `update reefline.stage_run set started_at = now() where stage = 'p.priced' and timelabel = '19990104000000'`,
    );
    expect((await accept(message)).actions).toMatchObject([{ kind: 'tell', step: null }]);
  });
});

describe('a run that waits for other inputs', () => {
  test('is started by the first of them, once in a batch, and told by the later ones instead of started again', async () => {
    const first = await accept(hour(1_400, 0), hour(1_400, 1));
    expect(first.actions).toMatchObject([{ kind: 'start', stage: 'p.daily', step: { kind: 'waiting' } }]);
    const later = await accept(hour(1_400, 2));
    expect(later.actions).toMatchObject([{ kind: 'tell', stage: 'p.daily', step: { kind: 'waiting' } }]);
    const last = await accept(...Array.from({ length: 21 }, (_, at) => hour(1_400, at + 3)));
    expect(last.actions).toMatchObject([{ kind: 'tell', stage: 'p.daily', step: { kind: 'run' } }]);
  });
});

describe('an endpoint', () => {
  test('is owed the events that its filter lets pass, with all that belongs to an outcome, and no other', async () => {
    const chosen = await openTestCatalog(
      'chosen',
      projectOf(
        [{ name: 'priced', period: '1d', reads: [OUTSIDE] }],
        [
          { ...ENDPOINT, name: 'all' },
          { ...ENDPOINT, name: 'alarms', on: ['FAILURE', 'LATE'] },
          { ...ENDPOINT, name: 'others', tables: { deny: ['f*'] } },
          { ...ENDPOINT, name: 'fares', events: ['data'], tables: { allow: ['re:fare[st]'] } },
        ],
      ),
    );
    const change = { change: 'COLUMN_ADDED', before: [], after: [{ name: 'id', type: 'int64' }] };
    const { endpoints } = await acceptEvents(chosen.db, chosen.configs, 'p', [
      fares('20060101000000'),
      fares('20060102000000', { status: 'FAILURE', outcome: 'QUARANTINED', eventId: 'quarantined' }),
      fares('20060103000000', { status: 'FAILURE', outcome: 'LATE', eventId: 'late' }),
      fares('20060104000000', { status: 'FAILURE', outcome: 'SKIPPED', eventId: 'skipped' }),
      fares('20060105000000', { event_type: 'metadata', ...change, eventId: 'changed' }),
    ]);
    const owed = await chosen.values(
      `select event_id from reefline.delivery where endpoint = 'alarms' order by seq`,
    );
    const counts = await chosen.values(
      `select endpoint || ' ' || count(*) from reefline.delivery group by endpoint order by 1`,
    );
    await chosen.close();
    expect([...endpoints].sort()).toEqual(['alarms', 'all', 'fares']);
    expect(owed).toEqual(['quarantined', 'late', 'changed']);
    expect(counts).toEqual(['alarms 3', 'all 5', 'fares 4']);
  });
});

describe('events of a backfill', () => {
  test('start runs that are part of it, and that live work goes before; together with others they are live work', async () => {
    const own = await accept(fares('20050101000000', { backfill: 'spring' }));
    expect(own.actions).toMatchObject([{ kind: 'start', stage: 'p.priced', backfill: 'spring' }]);
    const mixed = await accept(
      hour(1_500, 0, { backfill: 'spring' }),
      ...Array.from({ length: 23 }, (_, at) => hour(1_500, at + 1)),
    );
    expect(mixed.actions.map(({ stage, backfill }) => [stage, backfill])).toEqual([['p.daily', undefined]]);
    expect(
      await catalog.values(
        `select backfill from reefline.stage_run where stage in ('p.priced', 'p.daily') and timelabel >= '2005' order by stage desc`,
      ),
    ).toEqual(['spring', null]);
  });
});

describe('acceptances in parallel', () => {
  test('two that together complete a day open it exactly once', async () => {
    for (let day = 0; day < 40; day += 1) {
      await accept(...Array.from({ length: 22 }, (_, at) => hour(day, at)));
      await Promise.all([accept(hour(day, 22)), accept(hour(day, 23))]);
      const label = labelAt(Date.UTC(2001, 0, 1) + day * DAY_LENGTH);
      const runs = await catalog.values(
        `select revision || ' ' || status || ' ' || (select count(*) from reefline.run_input i
           where i.stage = r.stage and i.timelabel = r.timelabel and i.revision = r.revision)
           from reefline.stage_run r where stage = 'p.daily' and timelabel = $1`,
        label,
      );
      expect(runs).toEqual(['1 RUNNING 24']);
      const started = await catalog.values(
        `select count(*)::int from reefline.verdict where stage = 'p.daily' and timelabel = $1 and verdict = 'started'`,
        label,
      );
      expect(started).toEqual([1]);
    }
  });

  test('eight with shared labels in any order neither block each other nor lose or double an event', async () => {
    let expected = 0;
    for (let round = 0; round < 15; round += 1) {
      const batches = Array.from({ length: 8 }, (_, lane) =>
        Array.from({ length: 30 }, (_unused, at) => {
          // Each lane walks over the same days in another direction and with another stride.
          const position = (at * (lane + 1) + lane) % 30;
          const where = lane % 2 === 0 ? position : 29 - position;
          const eventId = `parallel/${String(round)}/${String(lane)}/${String(at)}`;
          return hour(400 + (where % 6), where % 24, { eventId });
        }),
      );
      await Promise.all(batches.map((batch) => accept(...batch)));
      expected += 8 * 30;
    }
    const logged = await catalog.values(
      `select count(*)::int from reefline.data_event where event_id like 'parallel/%'`,
    );
    expect(logged).toEqual([expected]);
    const gaps = await catalog.values(
      `select count(*)::int from (select max(revision) - count(*) as gap from reefline.data_event
         where event_id like 'parallel/%' group by dataset, timelabel) g where gap <> 0`,
    );
    expect(gaps).toEqual([0]);
  });
});

describe('whatever is signalled', () => {
  test('is accepted or rejected with a reason, and never fails the batch', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue({ stringUnit: 'binary' }), { maxLength: 40 }),
        async (messages) => {
          const { accepted, rejected } = await accept(...messages);
          expect([accepted, rejected]).toEqual([0, messages.length]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('damage in any field of an event neither', async () => {
    const good = {
      ...fares('19990110000000'),
      eventId: 'damaged',
      rows: 1,
      uri: 's3://a/b',
      causedBy: ['a'],
    };
    const damage = fc.dictionary(
      fc.constantFrom(...Object.keys(good), 'error', 'startTime', 'dataset', 'stage', 'pipeline', 'runId'),
      fc.oneof(
        fc.jsonValue({ stringUnit: 'binary' }),
        fc.string({ unit: 'binary', minLength: 400, maxLength: 1100 }),
      ),
      { minKeys: 1, maxKeys: 3 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 20 }), async (damages) => {
        await expect(accept(...damages.map((one) => ({ ...good, ...one })))).resolves.toBeDefined();
      }),
      { numRuns: 60 },
    );
  });

  test.each<[string, unknown]>([
    ['a reason that cuts an emoji in two', fares('19990111000000', { status: `${'x'.repeat(59)}😀😀` })],
    ['a long message whose cut falls into an emoji', `${'x'.repeat(65_534)}😀😀😀`],
    ['an error whose cut falls into an emoji', fares('19990112000000', { error: `${'x'.repeat(4_095)}😀` })],
    ['lists nested two thousand deep', JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`)],
    ['a nul in a key', { 'a\u0000': 1 }],
    ['half of an emoji', '\ud83d'],
  ])('%s is taken or rejected, and the batch goes on', async (_what, message) => {
    const { accepted, rejected } = await accept(message);
    expect(accepted + rejected).toBe(1);
  });

  test('the longest id that is taken can be indexed, whatever script it is written in', async () => {
    const unlike = Array.from({ length: 500 }, (_, at) =>
      String.fromCodePoint(0x4e00 + ((at * 7919) % 20_000)),
    );
    expect((await accept(fares('19990113000000', { eventId: unlike.join('') }))).accepted).toBe(1);
    expect((await accept(fares('19990113000000', { eventId: `${unlike.join('')}x` }))).rejected).toBe(1);
  });
});

describe('revisions', () => {
  test('an outside service gets the next one, may name a higher one, and not one that is there', async () => {
    const at = '19990120000000';
    await accept(
      fares(at, { eventId: 'a' }),
      fares(at, { eventId: 'b' }),
      fares(at, { eventId: 'c', revision: 9 }),
    );
    expect(
      (await accept(fares(at, { eventId: 'd', revision: 9 }), fares(at, { eventId: 'e' }))).rejected,
    ).toBe(1);
    const logged = await catalog.values(
      `select event_id || ' ' || revision from reefline.data_event where timelabel = $1 and dataset = $2 order by revision`,
      at,
      OUTSIDE,
    );
    expect(logged).toEqual(['a 1', 'b 2', 'c 9', 'e 10']);
    const [reason] = await catalog.values(
      `select reason from reefline.rejected_event where field = 'revision'`,
    );
    expect(reason).toContain('Revision 9');
  });

  test('a FAILURE starts nothing and says so', async () => {
    const at = '19990121000000';
    const { actions } = await accept(fares(at, { status: 'FAILURE', eventId: 'failed' }));
    expect(actions).toEqual([]);
    expect(
      await catalog.values(
        `select verdict || ': ' || reason from reefline.verdict where event_id = 'failed'`,
      ),
    ).toEqual([`filtered: p.priced listens to SUCCESS of ${OUTSIDE}, and this is FAILURE`]);
  });
});
