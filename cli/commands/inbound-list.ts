import type { Command } from 'commander';
import { readInboundHealth } from '../../catalog/inbound-health.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { inboundTable } from '../inbound-text.ts';
import { knownVersion } from '../known-version.ts';

export function addInboundListCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'inbound')
    .command('list')
    .description('the queues whose messages become data events, and how each fares')
    .action(async () => {
      const db = await context.openCatalog();
      const { project } = await knownVersion(db, undefined);
      const sources = project.inbound ?? [];
      const health = await readInboundHealth(
        db,
        sources.map(({ name }) => name),
      );
      const listed = health.map((each, at) => ({ ...each, mapping: sources[at]?.mapping ?? 'json' }));
      context.show(listed, () => inboundTable(context, listed));
    });
  withExamples(command, ['reefline inbound list', 'reefline inbound list --json']);
}
