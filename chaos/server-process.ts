/**
 * One server of the local cloud as a process of its own, so that it can be killed without the others and started again on
 * what it has left. It ends with its starter, which holds its standard input.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAthena } from '../local/athena/server.ts';
import { startGlue } from '../local/glue/server.ts';
import { startMariadb } from '../local/mariadb.ts';
import { startObjectStore } from '../local/object-store.ts';
import { startPostgres } from '../local/postgres.ts';
import { findProcesses } from '../local/process-table.ts';
import { startRedshiftData } from '../local/redshift-data/server.ts';
import { startSalesforce } from '../local/salesforce/server.ts';
import { startSnowflake } from '../local/snowflake/server.ts';
import { startTemporal } from '../local/temporal.ts';
import type { ServerReply, ServerRequest } from './server-request.ts';

/** A killed database server holds its memory and its files for a moment; how often its successor tries. */
const ATTEMPTS = 40;

interface Started {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const ended = new Promise<void>((resolve) => {
  process.stdin
    .on('close', () => resolve())
    .on('error', () => resolve())
    .resume();
});
// The starter may be gone.
process.stdout.on('error', () => undefined);
const started = await start(JSON.parse(process.argv[2] ?? '{}') as ServerRequest);
process.stdout.write(`${JSON.stringify({ url: started.url, pid: started.pid } satisfies ServerReply)}\n`);
await ended;
await started.stop();
process.exit();

async function start(request: ServerRequest): Promise<Started> {
  const common = { host: '127.0.0.1', port: 0, dir: request.dir };
  switch (request.kind) {
    case 'temporal': {
      const { program, announce } = announced();
      const temporal = await startTemporal({ dir: request.dir, announce });
      return { url: `http://${temporal.address}`, pid: program(), stop: () => temporal.stop() };
    }
    case 'postgres':
      return startDatabaseAgain(startPostgres, request.dir);
    case 'mariadb':
      return startDatabaseAgain(startMariadb, request.dir);
    case 'objects':
      return inside(await startObjectStore({ dir: request.dir, region: request.region, keep: true }));
    case 'salesforce': {
      const { dir, objects, credentials } = request;
      mkdirSync(dir, { recursive: true });
      const path = join(dir, 'org.sqlite');
      return inside(await startSalesforce({ ...common, path, objects, credentials }));
    }
    case 'glue':
      return inside(await startGlue(common));
    case 'athena': {
      const { s3Endpoint, glueEndpoint } = request;
      return inside(await startAthena({ ...common, s3Endpoint, glueEndpoint }));
    }
    case 'redshift':
    case 'snowflake': {
      const { postgresUrl, s3Endpoint } = request;
      const startIt = request.kind === 'redshift' ? startRedshiftData : startSnowflake;
      return inside(await startIt({ ...common, postgresUrl, s3Endpoint }));
    }
  }
}

async function startDatabaseAgain(
  startIt: typeof startPostgres | typeof startMariadb,
  dir: string,
): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    const { program, announce } = announced();
    try {
      const database = await startIt({ dir, keep: false, announce });
      return { url: database.url, pid: program(), stop: () => database.stop() };
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await sleep(100);
    }
  }
}

/** Runs in this very process. */
function inside(server: { readonly url: string; stop(): Promise<void> }): Started {
  return { url: server.url, pid: process.pid, stop: () => server.stop() };
}

/** Learns the command line of a program, and by it finds the process. */
function announced(): { announce: (command: string) => void; program: () => number } {
  let said = '';
  return {
    announce: (command) => {
      said = command;
    },
    program() {
      const [found] = findProcesses((command) => command === said);
      if (found === undefined) throw new Error(`No process has the command line ${said}.`);
      return found.pid;
    },
  };
}
