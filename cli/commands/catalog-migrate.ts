import type { Command } from 'commander';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { catalogUrl } from '../../workers/catalog.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';

export function addCatalogMigrateCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'catalog')
    .command('migrate')
    .description('bring the schema of the catalog to what this build needs')
    .action(async () => {
      await migrateCatalog(catalogUrl(context.env));
      context.show({ ok: true }, () => 'The catalog is up to date.');
    });
  withExamples(command, [
    'REEFLINE_CATALOG_URL=postgres://reefline:…@host/reefline reefline catalog migrate',
  ]);
}
