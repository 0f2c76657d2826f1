import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type pg from 'pg';
import { readProgress, type BackfillRecord } from '../../catalog/backfill.ts';
import { hasEnded, type BackfillProgress } from '../../pipeline/backfill-progress.ts';
import { requireBackfill } from '../backfill-orders.ts';
import { backfillText } from '../backfill-text.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';

/** Milliseconds between two looks of `--watch`. */
const PAUSE = 1_000;
/** Moves the cursor to the upper left corner and clears the screen below it. */
const REDRAW = '\u001b[H\u001b[J';

export function addBackfillShowCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'backfill')
    .command('show')
    .description('how far a backfill is, per stage, and what failed')
    .argument('<id>', 'as "reefline backfill list" shows it')
    .option(
      '-w, --watch',
      'until it ends or Ctrl-C; in a pipe a line for each change, with --json one object a line',
    )
    .action(async (id: string, options: { watch?: true }) => {
      await showBackfill(context, id, options.watch === true);
    });
  withExamples(command, ['reefline backfill show march --watch', 'reefline backfill show march --json']);
}

/** Shows where a backfill stands, once or until it ends. */
export async function showBackfill(context: CliContext, id: string, watches: boolean): Promise<void> {
  const db = await context.openCatalog();
  if (watches) {
    await watch(context, db, id);
    return;
  }
  const { record, progress } = await look(db, id);
  context.show({ ...record, progress }, () => backfillText(context, record, progress));
}

async function look(
  db: pg.Pool,
  id: string,
): Promise<{ record: BackfillRecord; progress: BackfillProgress }> {
  const record = await requireBackfill(db, id);
  return { record, progress: await readProgress(db, record) };
}

/** Ends with 1 when the backfill ended with failures, so that a script may wait for it. */
async function watch(context: CliContext, db: pg.Pool, id: string): Promise<void> {
  const signal = context.interruption();
  let shown = '';
  while (!signal.aborted) {
    const { record, progress } = await look(db, id);
    const text = context.wantsJson ? JSON.stringify(progress) : backfillText(context, record, progress);
    if (text !== shown) context.print(`${context.columns === undefined ? '' : REDRAW}${text}`);
    shown = text;
    if (hasEnded(progress.status)) {
      if (progress.status === 'failed') context.exitWith(1);
      return;
    }
    await pause(PAUSE, undefined, { signal }).catch(() => undefined);
  }
}
