import type { Command } from 'commander';
import { readEndpointViews } from '../../catalog/endpoint-health.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { endpointTable } from '../endpoint-list-text.ts';

export function addEndpointListCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'endpoint')
    .command('list')
    .description('where events are sent, how each endpoint fares, and what it is owed')
    .action(async () => {
      const endpoints = await readEndpointViews(await context.openCatalog());
      context.show(endpoints, () => endpointTable(context, endpoints));
    });
  withExamples(command, ['reefline endpoint list', 'reefline endpoint list --json']);
}
