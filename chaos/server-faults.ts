import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import { LONG, SHORT, type Fault } from './fault.ts';
import { persist } from './persist.ts';
import type { Killed } from './servers.ts';
import { CATALOG_USER, type World } from './world.ts';

function killed(name: string, servers: readonly Killed[]): Fault {
  return {
    name,
    async strike(world: World, dice: Dice): Promise<boolean> {
      const server = world.servers[dice.pick(servers)];
      const pause = dice.between(0, LONG);
      await server?.crash(() => sleep(pause));
      return server !== undefined;
    },
  };
}

const END_SESSIONS = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;

async function limitConnections({ catalog }: World, most: number): Promise<void> {
  await persist(() => catalog.query(`alter role ${CATALOG_USER.name} connection limit ${String(most)}`));
}

export const serverFaults: readonly Fault[] = [
  killed('the Temporal server is killed (SIGKILL) and started again', ['temporal']),
  killed("the catalog's PostgreSQL is killed (SIGKILL) and recovers", ['catalog']),
  killed('the PostgreSQL of source and serving tables is killed (SIGKILL) and recovers', ['shop']),
  killed('the MariaDB of source tables is killed (SIGKILL) and recovers', ['mysql']),
  killed(
    'S3 and SQS, Glue, Athena, the Redshift Data API, Snowflake or Salesforce is killed (SIGKILL) and started again',
    ['objects', 'glue', 'athena', 'redshift', 'snowflake', 'salesforce'],
  ),
  {
    name: 'the catalog ends all sessions',
    async strike({ catalog }: World): Promise<void> {
      await persist(() => catalog.query(END_SESSIONS));
    },
  },
  {
    name: 'the catalog is out of connections',
    async strike(world: World, dice: Dice): Promise<void> {
      // Some workers keep a few connections and get no more, or all of them lose theirs and get none.
      const most = dice.pick([0, 1, 3]);
      await limitConnections(world, most);
      await persist(() => world.catalog.query(END_SESSIONS));
      await sleep(dice.between(SHORT, LONG));
      await limitConnections(world, -1);
    },
  },
];
