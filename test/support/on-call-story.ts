import { GUARDED_ORDERS, PUNCTUAL, RIGHT_REVENUE, WRONG_REVENUE } from './on-call-files.ts';
import type { OnCallShop } from './on-call-shop.ts';

/** What docs/on-call.md tells of, by the name of the scene. */
export type Scenes = Readonly<Record<string, () => Promise<void>>>;

const CLOCKS = ['tick/orders.fetch_orders', 'tick/accounts.fetch_accounts'];
const ALL_CLOCKS = [...CLOCKS, 'sweep'];

const RATES = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'rates', status: 'SUCCESS' };

function hours(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

/** Monday is right. On Tuesday a column comes, and Bob subtracts it. */
export async function playTheWeek(shop: OnCallShop): Promise<void> {
  await shop.reefline('apply --note "revenue per day and country"');
  await shop.setSchedules(ALL_CLOCKS, 'paused');
  await shop.startWorkers();
  await shop.at('2020-03-03T00:10Z');
  await day(shop, '20200302', 24);
  await shop.report({ ...RATES, timelabel: '20200302000000' });
  await shop.day('20200303', hours(0, 8));
  await shop.systems.source(`alter table orders add column discount numeric(10,2);
    update orders set discount = 5 where id % 9 = 0 and created_at >= '2020-03-03T08:00Z'`);
  await shop.day('20200303', [8]);
  await shop.at('2020-03-03T11:30Z');
  await shop.write({ 'sql/daily_revenue.sql': WRONG_REVENUE });
  await shop.reefline('apply --note "subtract the discount"', 'bob');
  await shop.day('20200303', hours(9, 24));
  await shop.at('2020-03-04T00:10Z');
  await shop.tick('accounts.fetch_accounts', '20200303000000');
  await shop.report({ ...RATES, timelabel: '20200303000000' });
}

async function day(shop: OnCallShop, date: string, until: number): Promise<void> {
  await shop.tick('accounts.fetch_accounts', `${date}000000`);
  await shop.day(date, hours(0, until));
}

export function scenesOf(shop: OnCallShop): Scenes {
  return {
    'Thursday 00:40, yesterday is missing': async () => {
      await shop.day('20200304', hours(0, 21));
      await shop.at('2020-03-04T22:00Z');
      await shop.systems.setSourceAccess('revoked');
      await shop.reefline(
        'pause orders.push_revenue --reason "the CRM is being migrated until 08:00"',
        'bob',
      );
      await shop.day('20200304', hours(21, 24));
      await shop.at('2020-03-05T00:15Z');
      await shop.tick('accounts.fetch_accounts', '20200304000000');
      await shop.report({ ...RATES, timelabel: '20200304060000' });
      await shop.at('2020-03-05T00:40Z');
    },
    'the source may be read again': () => shop.systems.setSourceAccess('granted'),
    'the service reports its rates': async () => {
      await shop.at('2020-03-05T01:05Z');
      await shop.report({ ...RATES, timelabel: '20200304000000' });
    },
    'no worker': async () => {
      await shop.stopWorkers();
      await shop.setSchedules(['tick/accounts.fetch_accounts', 'sweep'], 'active');
    },
    'workers again': async () => {
      await shop.setSchedules(ALL_CLOCKS, 'paused');
      await shop.startWorkers();
    },
    'Thursday 08:30, a row came late': async () => {
      await shop.at('2020-03-05T08:10Z');
      await shop.systems.source(`insert into orders values (100001, 1, 31.00, '2020-03-04T15:40Z', null)`);
      await shop.reefline(
        'run orders.fetch_orders 20200304150000 --rerun --reason "an order came late" --wait',
        'carol',
      );
      await shop.at('2020-03-05T08:20Z');
      await shop.report({
        ...RATES,
        timelabel: '20200303000000',
        startTime: '2020-03-05 08:19:00:000 +00:00',
      });
      await shop.at('2020-03-05T08:30Z');
    },
    'Thursday 10:00, the numbers are wrong': () => shop.at('2020-03-05T10:00Z'),
    'the SQL is corrected, and a check watches it': () =>
      shop.write({ 'sql/daily_revenue.sql': RIGHT_REVENUE, 'pipelines/orders.yaml': GUARDED_ORDERS }),
    'Friday 06:30, nobody has reported the rates': async () => {
      await shop.write({ 'pipelines/orders.yaml': GUARDED_ORDERS.replace(...PUNCTUAL) });
      await shop.reefline('apply --note "revenue at six o\'clock"');
      await shop.at('2020-03-06T00:10Z');
      await day(shop, '20200305', 24);
      await shop.day('20200306', hours(0, 5));
      await shop.at('2020-03-06T06:00Z');
      await shop.passDeadline('orders.daily_revenue', '20200305000000');
      await shop.at('2020-03-06T06:30Z');
    },
    'the rates come late': () => shop.report({ ...RATES, timelabel: '20200305000000' }),
    'Friday 08:20, an amount is negative': async () => {
      await shop.day('20200306', hours(5, 7));
      await shop.at('2020-03-06T08:10Z');
      await shop.systems.source(`update orders set amount = -25 where created_at = '2020-03-06T07:15Z'`);
      await shop.tick('orders.fetch_orders', '20200306070000');
      await shop.at('2020-03-06T08:20Z');
    },
    'the amount is corrected at the source': () =>
      shop.systems.source(`update orders set amount = 25 where created_at = '2020-03-06T07:15Z'`),
    'Friday 09:15, the queue of a customer is gone': async () => {
      await shop.systems.dropQueue();
      await shop.at('2020-03-06T09:10Z');
      await shop.tick('orders.fetch_orders', '20200306080000');
      await shop.at('2020-03-06T09:15Z');
    },
    'the queue is there again': async () => {
      await shop.systems.restoreQueue();
      await shop.untilDelivered();
    },
    'Friday 10:00, Temporal is new and empty': async () => {
      await shop.at('2020-03-06T10:00Z');
      await shop.loseTemporal();
    },
    'workers run again': async () => {
      await shop.setSchedules(ALL_CLOCKS, 'paused');
      await shop.startWorkers();
      await shop.setSchedules(ALL_CLOCKS, 'active');
    },
    'the end': () => shop.setSchedules(ALL_CLOCKS, 'paused'),
  };
}
