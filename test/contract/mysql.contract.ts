import { beforeAll } from '@jest/globals';
import { contract } from './contract.ts';
import { extractedTable } from './environment/extracted-table.ts';
import { openMysql, type MysqlEndpoint } from './environment/mysql.ts';
import { scrapsOf } from './environment/scraps.ts';
import { openStageStore, type StageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { mysqlAnswer } from './faults/database-answers.ts';
import { sourceChecks, type SourceUnderTest } from './kinds/source.ts';

contract('mysql', 'source', () => {
  const scraps = scrapsOf('mysql');
  let store: StageStore;
  let mysql: MysqlEndpoint;
  beforeAll(async () => {
    store = await openStageStore(scraps);
    mysql = await openMysql(scraps);
  });
  let tables = 0;
  const underTest: SourceUnderTest = {
    answers: (service, fault) => (service === 'mysql' ? mysqlAnswer(fault) : awsAnswer(service, fault)),
    // Below the 16 MB of max_allowed_packet, with which servers come.
    longestText: 15_000_000,
    async table({ columns, rows }, table = `orders_n${String((tables += 1))}x`) {
      const { connection, database, query } = mysql;
      const at = `${quoted(database)}.${quoted(table)}`;
      const definitions = columns.map(
        ({ name, type, nullable }) =>
          `${quoted(name)} ${type.kind === 'int64' ? 'bigint' : 'longtext'}${nullable ? '' : ' not null'}`,
      );
      await query(`create table ${at} (${definitions.join(', ')}, primary key (id))`);
      for (const row of rows) await query(`insert into ${at} values (${row.map(() => '?').join(', ')})`, row);
      const folder = `f${String((tables += 1))}x`;
      return extractedTable(store, { connection, schema: database, table }, folder);
    },
  };
  return sourceChecks(() => underTest);
});

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
