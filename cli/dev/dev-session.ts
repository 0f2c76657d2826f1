import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type pg from 'pg';
import { readVersionInForce } from '../../catalog/config-history.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { readProject } from '../../config/project.ts';
import type { Project } from '../../pipeline/project.ts';
import { applyProject } from '../apply.ts';
import type { CliContext } from '../context.ts';
import { describeError } from '../describe-error.ts';
import { EventTail } from '../event-tail.ts';
import { report } from './dev-report.ts';
import { DevWorker } from './dev-worker.ts';
import { startEmbeddedCloud, type EmbeddedCloud } from './embedded-cloud.ts';
import { moduleDigest } from './module-digest.ts';
import { prepareOrgs, type PreparedOrg } from './salesforce-org.ts';
import { StandIns } from './stand-ins.ts';
import { watchProject } from './watch-project.ts';

/** Milliseconds between two looks at the event log. */
const PAUSE = 500;
/** A project that is developed may call receivers that are, too. */
const THIS_MACHINE = 'localhost, 127.0.0.0/8, ::1';

/**
 * Keeps a project running on this machine until the signal aborts: embedded cloud, catalog, worker; whatever changes
 * in the folder is applied. Everything that was started has ended when it returns, also when it fails half-way.
 */
export async function runDevSession(context: CliContext, dir: string, signal: AbortSignal): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const { mysql, orgs } = await neededServers(dir);
    const salesforce = Object.fromEntries(Object.entries(orgs).map(([name, { request }]) => [name, request]));
    const cloud = await startEmbeddedCloud((line) => context.say(line), { mysql, salesforce });
    undo.push(() => cloud.stop());
    if (signal.aborted) return;
    const session = await openSession(context, { dir, orgs }, cloud, (end) => undo.push(end));
    await session.apply();
    report(context, {
      kind: 'ready',
      temporalUi: cloud.temporalUiUrl,
      temporal: cloud.temporalAddress,
      catalog: cloud.env['REEFLINE_CATALOG_URL'] ?? '',
      standIns: session.standIns.made(),
    });
    watchProject(dir, signal, () => session.apply());
    await Promise.race([followEvents(context, session.db, signal), failWhenEnded(cloud)]);
  } finally {
    if (undo.length > 0) context.say('Everything is being ended.');
    for (const end of undo.reverse())
      await end().catch((error: unknown) => context.say(describeError(error)));
  }
}

interface NeededServers {
  readonly mysql: boolean;
  readonly orgs: Readonly<Record<string, PreparedOrg>>;
}

/** The servers that only some projects need; a project that cannot be read yet is told so later. */
async function neededServers(dir: string): Promise<NeededServers> {
  const reading = await readProject(dir);
  if ('problems' in reading) return { mysql: false, orgs: {} };
  const { project } = reading;
  const mysql = Object.values(project.connections).some(({ kind }) => kind === 'mysql');
  return { mysql, orgs: await prepareOrgs(dir, project) };
}

interface Session {
  readonly db: pg.Pool;
  readonly standIns: StandIns;
  /** Reads the project and puts it in force, or reports why not. */
  apply(): Promise<void>;
}

async function openSession(
  context: CliContext,
  { dir, orgs }: { readonly dir: string; readonly orgs: NeededServers['orgs'] },
  cloud: EmbeddedCloud,
  later: (end: () => Promise<unknown>) => void,
): Promise<Session> {
  const catalog = cloud.env['REEFLINE_CATALOG_URL'] ?? '';
  await migrateCatalog(catalog);
  const db = connectCatalog(catalog, 2);
  later(() => db.end());
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  later(() => connection.close());
  const client = new Client({ connection, namespace: cloud.env['TEMPORAL_NAMESPACE'] ?? 'default' });
  const worker = new DevWorker((line) => context.say(context.paint('dim', line)));
  later(() => worker.stop());
  const standIns = new StandIns(cloud, dir, orgs);
  const putInForce = async (project: Project): Promise<{ version: number; changed: boolean }> => {
    await standIns.provide(project);
    const applied = await applyProject(db, client, project, context.actor, { note: 'reefline dev' });
    const environment = {
      REEFLINE_WEBHOOK_ALLOW: THIS_MACHINE,
      ...foreignFree(context.env),
      ...cloud.env,
      ...standIns.environment(),
      // It is shown here line by line.
      REEFLINE_LOG: 'text',
    };
    await worker.keepUp({ ...environment, REEFLINE_PROJECT: dir }, await moduleDigest(dir, project));
    return applied;
  };
  let applied: number | null = null;
  // Another terminal may have applied meanwhile. A catalog that does not answer is the problem that is reported.
  const inForce = async (): Promise<number | null> =>
    readVersionInForce(db).then(
      (newest) => newest?.version ?? null,
      () => applied,
    );
  const apply = async (): Promise<void> => {
    try {
      const reading = await readProject(dir);
      if ('problems' in reading) {
        report(context, { kind: 'problems', problems: reading.problems, inForce: await inForce() });
        return;
      }
      const { version, changed } = await putInForce(reading.project);
      applied = version;
      const stages = reading.project.stages.length;
      report(context, { kind: 'applied', configVersion: version, changed, stages });
    } catch (error) {
      report(context, { kind: 'failed', message: describeError(error), inForce: await inForce() });
    }
  };
  return { db, standIns, apply };
}

async function followEvents(context: CliContext, db: pg.Pool, signal: AbortSignal): Promise<void> {
  const tail = new EventTail(db, {});
  while (!signal.aborted) {
    for (const event of await tail.next()) report(context, { kind: 'event', event });
    await pause(PAUSE, undefined, { signal }).catch(() => undefined);
  }
}

async function failWhenEnded(cloud: EmbeddedCloud): Promise<never> {
  throw new Error(`The embedded cloud ended by itself (${await cloud.ended}). Start "reefline dev" again.`);
}

/** Without what the user's shell says about real systems: dev must reach its own servers only. */
function foreignFree(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(AWS_|TEMPORAL_(?!CLI_PATH)|REEFLINE_(?:CATALOG_URL|PAYLOAD_)|PG)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
