import type { Command } from 'commander';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { grantRoles, hasRoles } from '../../catalog/roles.ts';
import { catalogUrl } from '../../workers/catalog.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';

export function addCatalogMigrateCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'catalog')
    .command('migrate')
    .description('bring the schema of the catalog to what this build needs')
    .option('--roles', 'also create the roles reefline_worker and reefline_reader, with their rights')
    .action(async (options: { readonly roles?: true }) => {
      const url = catalogUrl(context.env);
      await migrateCatalog(url);
      // New tables need the rights of roles that are in use.
      const roles = options.roles === true || (await hasRoles(url));
      if (roles) await grantRoles(url);
      context.show({ ok: true, roles }, () =>
        roles
          ? 'The catalog is up to date, and the roles reefline_worker and reefline_reader have their rights.'
          : 'The catalog is up to date.',
      );
    });
  withExamples(command, [
    'REEFLINE_CATALOG_URL=postgres://reefline:…@host/reefline reefline catalog migrate',
    'reefline catalog migrate --roles',
  ]);
}
