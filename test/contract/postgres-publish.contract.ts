import { beforeAll } from '@jest/globals';
import { attemptAt, mustSucceed } from './attempts.ts';
import { contract } from './contract.ts';
import { openPostgres, quoted, rowsOf, type PostgresEndpoint } from './environment/postgres.ts';
import { openPublishing, type PublishingWarehouse } from './environment/published-table.ts';
import { openRedshift } from './environment/redshift.ts';
import { scrapsOf } from './environment/scraps.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { postgresAnswer } from './faults/database-answers.ts';
import { OF_DATABASES, patience } from './faults/database-protocols.ts';
import {
  destinationChecks,
  type DestinationTable,
  type DestinationUnderTest,
  type PublishedContent,
} from './kinds/destination.ts';

contract('postgres-publish', 'destination', () => {
  const scraps = scrapsOf('publish');
  const schema = scraps.prefix;
  const redshift = openRedshift(scraps);
  let postgres: PostgresEndpoint;
  let warehouse: PublishingWarehouse;
  beforeAll(async () => {
    warehouse = await openPublishing(scraps, redshift);
    postgres = await openPostgres(scraps);
    scraps.remove('the markers', () =>
      postgres.query(`delete from reefline.applied where dataset like 'out.${schema}.%'`),
    );
    // The first publish makes the table of markers, which only one place would then have as a step.
    const attempt = await table().publish({ columns: ['id'], rows: [[1]] });
    mustSucceed(await attemptAt({ words: [], attempt, state: async () => null }));
  });
  let tables = 0;
  const table = (name = `orders_n${String((tables += 1))}x`): DestinationTable => {
    let names: readonly string[] = ['id', 'note'];
    return {
      ...OF_DATABASES,
      words: [name],
      looks: /^DescribeStatement$/u,
      publish(content: PublishedContent, revision = 1, elsewhere = name) {
        names = content.columns;
        const output = `out.${schema}.${elsewhere}`;
        const connectionNow = () => ({ ...postgres.connection, ...patience() });
        return warehouse.publish(content, { connectionNow, output, revision });
      },
      rows: () => rowsOf(postgres, name, names),
    };
  };
  const underTest: DestinationUnderTest = {
    answers: (service, fault) => (service === 'postgres' ? postgresAnswer(fault) : awsAnswer(service, fault)),
    longestText: 65_535,
    longerText: 'cannot be in the warehouse',
    texts: 6,
    table: () => Promise.resolve(table()),
    async misfit() {
      const name = `misfit_n${String((tables += 1))}x`;
      await postgres.query(
        `create table ${quoted(schema)}.${quoted(name)} (id bigint not null unique, note bigint)`,
      );
      return { table: table(name), refused: 'data_error' };
    },
  };
  return destinationChecks(() => underTest);
});
