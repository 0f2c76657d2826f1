import type { Command } from 'commander';
import { readDeliveries, type DeliveryFilter } from '../../catalog/dead-letters.ts';
import { choiceArgument, countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { deliveryTable } from '../deliveries-text.ts';
import { requireKnownEndpoint } from '../known-endpoints.ts';

export function addDeliveriesListCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'deliveries')
    .command('list')
    .description('the newest messages to endpoints, and what became of them')
    .option('-e, --endpoint <name>', 'only to this endpoint')
    .option(
      '-s, --status <status>',
      'only owed, delivered, dead or discarded ones',
      choiceArgument(['owed', 'delivered', 'dead', 'discarded']),
    )
    .option('-n, --limit <n>', 'how many', countArgument, 20)
    .action(async ({ limit, ...filter }: DeliveryFilter & { limit: number }) => {
      const db = await context.openCatalog();
      if (filter.endpoint !== undefined) await requireKnownEndpoint(db, filter.endpoint);
      const deliveries = await readDeliveries(db, filter, limit);
      context.show(deliveries, () => deliveryTable(context, deliveries));
    });
  withExamples(command, [
    'reefline deliveries list --status dead',
    'reefline deliveries list --endpoint customers --status owed --json',
  ]);
}
