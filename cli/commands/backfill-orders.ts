import type { Command } from 'commander';
import { readProgress } from '../../catalog/backfill.ts';
import type { BackfillOrder } from '../../activities/backfill-control.ts';
import { orderBackfill, requireBackfill } from '../backfill-orders.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';

interface Told {
  readonly description: string;
  readonly answer: string;
}

const ORDERS: Readonly<Record<BackfillOrder, Told>> = {
  pause: {
    description: 'begin no further labels; what is in flight goes on',
    answer: 'begins no further labels. What is in flight goes on. Go on with: reefline backfill resume',
  },
  resume: { description: 'go on after a pause', answer: 'goes on.' },
  cancel: {
    description: 'begin no further labels and end; what runs finishes, what waits for inputs waits on',
    answer:
      'ends when what runs has finished. Runs that wait for inputs wait on, and events start dependents as always. To take it back: reefline backfill retry',
  },
  retry: {
    description: 'run again what failed, was blocked, waits or was cancelled',
    answer: 'runs again what failed, was blocked, waits or was cancelled.',
  },
};

export function addBackfillOrderCommands(program: Command, context: CliContext): void {
  for (const order of ['pause', 'resume', 'cancel', 'retry'] as const) {
    const command = groupOf(program, 'backfill')
      .command(order)
      .description(ORDERS[order].description)
      .argument('<id>', 'as "reefline backfill list" shows it')
      .action(async (id: string) => {
        const db = await context.openCatalog();
        const record = await requireBackfill(db, id);
        if (order === 'retry') {
          const { counts } = await readProgress(db, record);
          if (counts.failure + counts.blocked + counts.waiting + counts.cancelled === 0)
            throw new InvalidInput(`Nothing of the backfill ${record.id} failed, waits or was cancelled.`);
        }
        await orderBackfill(await context.connectClient(), record, order);
        const names = order === 'pause' || order === 'cancel' ? ` ${record.id}` : '';
        context.show({ id: record.id, order }, () => `${record.id} ${ORDERS[order].answer}${names}`);
      });
    withExamples(command, [`reefline backfill ${order} orders.fetch_orders-2020-03-01-2020-04-01-1f0c`]);
  }
}
