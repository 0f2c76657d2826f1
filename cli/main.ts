#!/usr/bin/env node
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { ConfigStore } from '../catalog/config-store.ts';
import { migrateCatalog, requireCatalogSchema } from '../catalog/migrate.ts';
import { readRejections } from '../catalog/rejections.ts';
import { readProject } from '../config/project.ts';
import { parseTimelabel, type Timelabel } from '../pipeline/timelabel.ts';
import { catalogUrl, openCatalog } from '../workers/catalog.ts';
import { connectClient } from '../workers/temporal.ts';
import { applyProject } from './apply.ts';
import { describeApplied, describeRejections } from './describe.ts';
import { startRun } from './run.ts';
import { PROBLEMS_FOUND, validate } from './validate.ts';

/*
 * `reefline …`: exit code 0 when it did what was asked, 1 when that failed, 2 for wrong usage or invalid input.
 */
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** A person at a prompt is told after ten seconds; a worker keeps trying. */
const patience = (): AbortSignal => AbortSignal.timeout(10_000);

const program = new Command('reefline')
  .description('Moves business data by events.')
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

program
  .command('validate')
  .description('check a project without any server: all problems at once, each with file, line and cure')
  .argument('[dir]', 'folder with reefline.yaml', '.')
  .option('--json', 'print JSON')
  .action(async (dir: string, options: { json?: boolean }) => {
    process.exitCode = await validate(resolve(dir), process.stdout, { json: options.json === true });
  });

program
  .command('apply')
  .description('put a project in force: config version, schedules, search attributes')
  .argument('[dir]', 'folder with reefline.yaml', '.')
  .option('--json', 'print JSON')
  .action(async (dir: string, options: { json?: boolean }) => {
    const reading = await readProject(resolve(dir));
    if ('problems' in reading) {
      await validate(resolve(dir), process.stderr, { json: false });
      say('Nothing was applied.');
      process.exitCode = PROBLEMS_FOUND;
      return;
    }
    const db = await openCatalog(process.env, 2, say, patience());
    await requireCatalogSchema(db);
    const client = await connectClient(say, patience());
    const applied = await applyProject(db, client, reading.project, userInfo().username);
    print(options.json === true ? JSON.stringify(applied) : describeApplied(applied, reading.project));
    await client.connection.close();
    await db.end();
  });

program
  .command('run')
  .description('run one label of a stage now')
  .argument('<stage>', 'pipeline.stage')
  .argument('<timelabel>', 'YYYYMMDDHHmm00, UTC', timelabelArgument)
  .option('--rerun', 'make a new revision even though no input changed')
  .action(async (stageId: string, timelabel: Timelabel, options: { rerun?: boolean }) => {
    const db = await openCatalog(process.env, 1, say, patience());
    await requireCatalogSchema(db);
    const { stages } = await new ConfigStore().current(db);
    await db.end();
    const stage = stages.get(stageId);
    if (stage === undefined) {
      throw new InvalidArgumentError(
        `There is no stage "${stageId}". Known are ${[...stages.keys()].join(', ')}.`,
      );
    }
    const client = await connectClient(say, patience());
    const workflowId = await startRun(client, stage, timelabel, options.rerun === true);
    print(`Asked for ${workflowId}. Watch it with: temporal workflow describe --workflow-id ${workflowId}`);
    await client.connection.close();
  });

program
  .command('catalog')
  .description('the catalog database')
  .command('migrate')
  .description('bring the schema of the catalog to what this build needs')
  .action(async () => {
    await migrateCatalog(catalogUrl(process.env));
    print('The catalog is up to date.');
  });

program
  .command('events')
  .description('the event log')
  .command('rejected')
  .description('messages that were no event, newest first, each with the reason')
  .option('--limit <n>', 'how many', countArgument, 20)
  .option('--json', 'print JSON')
  .action(async (options: { limit: number; json?: boolean }) => {
    const db = await openCatalog(process.env, 1, say, patience());
    await requireCatalogSchema(db);
    const rejections = await readRejections(db, options.limit);
    print(options.json === true ? JSON.stringify(rejections) : describeRejections(rejections));
    await db.end();
  });

function timelabelArgument(text: string): Timelabel {
  const label = parseTimelabel(text);
  if (label === undefined)
    throw new InvalidArgumentError('A timelabel is written YYYYMMDDHHmm00, such as 20010105080000.');
  return label;
}

function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new InvalidArgumentError('A whole number from 1 to 10000.');
  return count;
}

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    const { code, exitCode } = error as { code?: string; exitCode?: number };
    if (code?.startsWith('commander.') === true) {
      // commander has printed what is wrong; help and version end with 0.
      if (error instanceof InvalidArgumentError) say(`error: ${error.message}`);
      process.exitCode = exitCode === 0 ? 0 : 2;
      return;
    }
    say(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

await main();
