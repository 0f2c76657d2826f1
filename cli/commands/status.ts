import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type pg from 'pg';
import { ConfigStore } from '../../catalog/config-store.ts';
import { countArgument } from '../arguments.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { requirePipeline, requireStage } from '../known-stages.ts';
import { readStatusGrid, type GridPipeline, type GridScope } from '../status-grid.ts';
import { statusText } from '../status-text.ts';

/** Milliseconds between two looks of `--watch`. */
const PAUSE = 2_000;
/** Moves the cursor to the upper left corner and clears the screen below it. */
const REDRAW = '\u001b[H\u001b[J';

interface StatusOptions {
  readonly pipeline?: string;
  readonly stage?: string;
  readonly labels: number;
  readonly watch?: true;
}

export function addStatusCommand(program: Command, context: CliContext): void {
  const command = program
    .command('status')
    .description('how the newest labels of every stage stand, one mark each')
    .option('-p, --pipeline <name>', 'only this pipeline')
    .option('-s, --stage <pipeline.stage>', 'only this stage')
    .option(
      '-n, --labels <n>',
      'labels of each stage, as far as the terminal is wide enough',
      countArgument,
      24,
    )
    .option('-w, --watch', 'draw it again every two seconds until Ctrl-C; with --json one line each time')
    .action(async (options: StatusOptions) => {
      const db = await context.openCatalog();
      const configs = new ConfigStore();
      if (options.watch === true) {
        await watch(context, db, configs, options);
        return;
      }
      const grid = await look(context, db, configs, options);
      context.show({ pipelines: grid }, () => statusText(context, grid));
    });
  withExamples(command, ['reefline status', 'reefline status --pipeline orders --labels 48 --watch']);
}

async function look(
  context: CliContext,
  db: pg.Pool,
  configs: ConfigStore,
  { pipeline, stage, labels }: StatusOptions,
): Promise<readonly GridPipeline[]> {
  const table = await configs.current(db);
  const scope: GridScope = {
    labels,
    ...(pipeline === undefined ? {} : { pipeline: requirePipeline(table, pipeline) }),
    ...(stage === undefined ? {} : { stage: requireStage(table, stage).id }),
  };
  return readStatusGrid(db, table, scope, context.now());
}

async function watch(
  context: CliContext,
  db: pg.Pool,
  configs: ConfigStore,
  options: StatusOptions,
): Promise<void> {
  const signal = context.interruption();
  while (!signal.aborted) {
    const grid = await look(context, db, configs, options);
    if (context.wantsJson) context.print(JSON.stringify({ pipelines: grid }));
    else context.print(`${context.columns === undefined ? '' : REDRAW}${statusText(context, grid)}`);
    await pause(PAUSE, undefined, { signal }).catch(() => undefined);
  }
}
