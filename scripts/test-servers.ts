import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimFolder, type Claim } from '../local/claim.ts';
import { temporaryCloudFolder } from '../local/cloud.ts';
import { startPostgres } from '../local/postgres.ts';
import { programsOf } from './servers/fetch.ts';
import { KNOWN_SERVERS, type KnownServer } from './servers/known.ts';
import { startMysql } from './servers/mysql.ts';
import { SUITES } from './servers/suites.ts';

/*
 * Runs the suites of sources against servers of other versions than the local cloud has: `npm run test:servers -- postgres-12
 * mysql-8.0`, or all without names. See docs/testing.md.
 */
const project = fileURLToPath(new URL('..', import.meta.url));
const cache = join(process.env['REEFLINE_CACHE'] ?? join(project, '.cache'), 'servers');
const KINDS = [...new Set(Object.values(SUITES).flatMap((suites) => Object.keys(suites)))];

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The suite that runs gets the signal of a terminal too; what is here to do is to end the server.
  process.on(signal, () => {
    interrupted = true;
    running?.kill(signal);
  });
}
let running: ReturnType<typeof spawn> | undefined;

const words = process.argv.slice(2);
const names = words.filter((word) => KNOWN_SERVERS.some(({ name }) => name === word));
const wanted = words.filter((word) => KINDS.includes(word));
const unknown = words.filter((word) => !names.includes(word) && !wanted.includes(word));
if (unknown.length > 0) {
  const known = KNOWN_SERVERS.map(({ name }) => name).join(', ');
  console.error(
    `There is no server ${unknown.join(', ')}. There are ${known}. Suites are ${KINDS.join(', ')}.`,
  );
  process.exitCode = 1;
} else {
  process.exitCode = await testAll(
    KNOWN_SERVERS.filter(({ name }) => names.length === 0 || names.includes(name)),
  );
}

/** Answers the exit code. A server that cannot be had is no failure unless it was asked for by name. */
async function testAll(servers: readonly KnownServer[]): Promise<number> {
  const table: Record<string, Record<string, string>> = {};
  const notes: string[] = [];
  for (const server of servers) {
    if (interrupted) break;
    const row = (table[server.name] = Object.fromEntries(KINDS.map((kind) => [kind, ''])));
    for (const [kind] of suitesOf(server)) row[kind] = 'left out';
    try {
      await testOne(server, row);
    } catch (error) {
      notes.push(`${server.name} ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  print(table);
  for (const note of notes) console.log(`left out: ${note}`);
  const cells = Object.values(table).flatMap((row) => Object.values(row));
  return interrupted || cells.includes('FAILED') || (names.length > 0 && cells.includes('left out')) ? 1 : 0;
}

/** The suites that were asked for, or all. */
function suitesOf({ kind }: KnownServer): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(SUITES[kind]).filter(([suite]) => wanted.length === 0 || wanted.includes(suite));
}

/** @throws when the server cannot be had. What a suite ends with is written into the row. */
async function testOne(server: KnownServer, row: Record<string, string>): Promise<void> {
  console.log(`${server.name}: fetching ${server.version}, unless it is there …`);
  const programs = await programsOf(server, cache);
  const dir = await temporaryCloudFolder();
  const claim = await claimFolder(dir, false);
  try {
    const { variable, started } = await start(server, programs, dir, claim);
    try {
      for (const [kind, args] of suitesOf(server)) {
        if (interrupted) break;
        console.log(`${server.name}: ${kind} …`);
        row[kind] = (await runSuite(args, { [variable]: started.url })) ? 'ok' : 'FAILED';
      }
    } finally {
      await started.stop();
    }
  } finally {
    claim.release();
  }
}

async function start(server: KnownServer, programs: string, dir: string, claim: Claim) {
  const announce = (command: string): void => claim.announce(command);
  if (server.kind === 'postgres') {
    const started = await startPostgres({ dir: join(dir, 'postgres'), keep: false, announce, programs });
    return { variable: 'REEFLINE_TEST_OTHER_POSTGRES', started };
  }
  const data = join(dir, 'mysql');
  claim.addFolder(data);
  return { variable: 'REEFLINE_TEST_OTHER_MYSQL', started: await startMysql(programs, data, announce) };
}

/** Answers whether all tests passed. */
async function runSuite(args: readonly string[], env: Readonly<Record<string, string>>): Promise<boolean> {
  running = spawn(process.execPath, args, {
    cwd: project,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const child = running;
  const code = await new Promise((done) => child.once('exit', done));
  return code === 0;
}

function print(table: Readonly<Record<string, Readonly<Record<string, string>>>>): void {
  const line = (name: string, cells: readonly string[]): string =>
    [name.padEnd(12), ...cells.map((cell) => cell.padEnd(8))].join('  ').trimEnd();
  console.log(`\n${line('', KINDS)}`);
  for (const [name, row] of Object.entries(table))
    console.log(
      line(
        name,
        KINDS.map((kind) => row[kind] ?? ''),
      ),
    );
}
