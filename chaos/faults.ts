import { setTimeout as sleep } from 'node:timers/promises';
import { routerStart } from '../client/router-start.ts';
import { ROUTING_QUEUE } from '../pipeline/ids.ts';
import type { Dice } from './dice.ts';
import type { GateState } from './gate.ts';
import { WAYS, type Way, type World } from './world.ts';

/** One kind of fault: strikes, and has passed when its promise resolves. */
export interface Fault {
  readonly name: string;
  strike(world: World, dice: Dice): Promise<void>;
}

const HTTP_WAYS: readonly Way[] = ['s3', 'sqs', 'glue', 'redshift'];

/** Milliseconds for which a way stays disturbed. */
const SHORT = 300;
const LONG = 4_000;

function disturbed(name: string, ways: readonly Way[], state: GateState): Fault {
  return {
    name,
    async strike({ gates }: World, dice: Dice): Promise<void> {
      const gate = gates[dice.pick(ways)];
      gate.set(state);
      await sleep(dice.between(SHORT, LONG));
      gate.set('open');
    },
  };
}

/** What can happen to an operation of Reefline, and to its router. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'a worker is killed (SIGKILL) and started again',
    async strike({ workers }: World, dice: Dice): Promise<void> {
      const worker = dice.pick(workers);
      await worker.kill();
      await sleep(dice.between(0, 1_500));
      worker.start();
    },
  },
  {
    name: 'all workers are killed at once',
    async strike({ workers }: World, dice: Dice): Promise<void> {
      await Promise.all(workers.map((worker) => worker.kill()));
      await sleep(dice.between(0, 1_500));
      for (const worker of workers) worker.start();
    },
  },
  {
    name: 'connections to one system are reset',
    strike({ gates }: World, dice: Dice): Promise<void> {
      gates[dice.pick(WAYS)].cut();
      return Promise.resolve();
    },
  },
  disturbed('one system refuses connections', WAYS, 'refusing'),
  disturbed('one system does not answer', WAYS, 'silent'),
  disturbed('one AWS service answers 503 SlowDown', HTTP_WAYS, 'failing'),
  disturbed('answers of one AWS service break off', HTTP_WAYS, 'truncating'),
  {
    name: 'the catalog ends all sessions',
    async strike({ catalog }: World): Promise<void> {
      await catalog.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
    },
  },
  {
    name: 'events of the log are signalled again, in another order and to another router',
    async strike(world: World, dice: Dice): Promise<void> {
      const { rows } = await world.catalog.query<{ body: object }>(
        `select body from reefline.data_event where event_type = 'data' order by md5(event_id || $1) limit 30`,
        [String(dice.between(0, 1_000_000))],
      );
      await signal(
        world,
        dice.pick(['p0', 'elsewhere']),
        rows.map(({ body }) => body),
      );
    },
  },
  {
    name: 'hostile messages are signalled',
    async strike(world: World, dice: Dice): Promise<void> {
      const messages = Array.from({ length: 5 }, () => dice.pick(HOSTILE));
      await signal(world, 'p0', dice.next() < 0.5 ? messages : messages[0]);
    },
  },
];

const HOSTILE: readonly unknown[] = [
  null,
  'no event',
  42,
  [],
  { event_type: 'data' },
  {
    event_type: 'data',
    type: 'redshift',
    schema: 'analytics',
    table: 'p0',
    timelabel: '20209999000000',
    status: 'SUCCESS',
  },
  {
    event_type: 'data',
    type: 'redshift',
    schema: "x'; drop table reefline.data_event; --",
    table: 'p0',
    timelabel: '20200301000000',
    status: 'SUCCESS',
  },
  {
    event_type: 'data',
    type: 's3',
    schema: 'shop',
    table: 'p0',
    timelabel: '20200301000000',
    status: 'SUCCESS',
    endTime: '9999-12-31 23:59:59:999 +00:00',
    eventId: '\ud800',
  },
  {
    event_type: 'data',
    type: 'redshift',
    schema: 'analytics',
    table: 'nothing',
    timelabel: '20200301000000',
    status: 'DONE',
  },
  'x'.repeat(50_000),
];

async function signal({ client }: World, router: string, payload: unknown): Promise<void> {
  await client.workflow.signalWithStart('router', routerStart(router, ROUTING_QUEUE, payload));
}
