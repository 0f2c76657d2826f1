import { StageFailure } from '../../pipeline/failure.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { destinationOf } from './destination.ts';
import { loadIntoPostgres } from './load-postgres.ts';
import { loadIntoRedshift } from './load-redshift.ts';
import { loadIntoSnowflake } from './load-snowflake.ts';
import type { StageRunner } from './runner.ts';

/** Copies the staged batches of one label into a table of the destination. */
export const loadStage: StageRunner<LoadWork> = async (run, tools) => {
  const { name, connection } = destinationOf(run.stage.output, tools);
  switch (connection.kind) {
    case 'redshift':
      return loadIntoRedshift(run, tools, { name, connection });
    case 'snowflake':
      return loadIntoSnowflake(run, tools, { name, connection });
    case 'postgres':
      return loadIntoPostgres(run, tools, { name, connection });
    case 'mysql':
    case 's3':
    case 'glue':
    case 'athena':
    case 'salesforce':
      throw new StageFailure(
        'invalid_config',
        `Reefline loads into Redshift, Snowflake and PostgreSQL; ${name.connection} is of kind ${connection.kind}.`,
      );
  }
};
