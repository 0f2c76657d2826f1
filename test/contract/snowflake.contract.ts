import { beforeAll } from '@jest/globals';
import { loadStage } from '../../activities/stages/load.ts';
import { attemptAt, mustSucceed } from './attempts.ts';
import { contract } from './contract.ts';
import { scrapsOf } from './environment/scraps.ts';
import { openSnowflake, type SnowflakeEndpoint } from './environment/snowflake.ts';
import { stageBatch, STAGED } from './environment/staged-batch.ts';
import { openStageStore, type StageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { snowflakeAnswer } from './faults/snowflake-answers.ts';
import { warehouseChecks, type WarehouseUnderTest } from './kinds/warehouse.ts';
import { LABEL, runOf, toolsOf } from './runs.ts';

contract('snowflake', 'warehouse', () => {
  const scraps = scrapsOf('snowflake');
  const schema = 'shop';
  let store: StageStore;
  let snowflake: SnowflakeEndpoint;
  beforeAll(async () => {
    store = await openStageStore(scraps);
    snowflake = await openSnowflake(scraps, store.bucket);
    // The first load makes the schemas, which only one place would then have as steps.
    const attempt = await (
      await underTest.table()
    ).bring({ columns: [{ name: 'id', type: { kind: 'int64' }, nullable: false }], rows: [] });
    mustSucceed(await attemptAt({ words: [], attempt, state: async () => null }));
  });
  let tables = 0;
  const underTest: WarehouseUnderTest = {
    // Requests to AWS are signed, and named by the service; those to Snowflake by the host.
    answers: (service, fault) => (service === 's3' ? awsAnswer(service, fault) : snowflakeAnswer(fault)),
    longestText: 16_777_216,
    async table({ table = `orders_n${String((tables += 1))}x` } = {}) {
      const { connection, query } = snowflake;
      const folder = `${store.prefix}/b${String((tables += 1))}x`;
      const connections = {
        lake: { kind: 's3' as const, bucket: store.bucket, prefix: store.prefix },
        warehouse: connection,
      };
      const stored = storedName(table);
      const at = `"${connection.database}"."${schema.toUpperCase()}".${quoted(stored)}`;
      let names: readonly string[] = [];
      return {
        words: [table, folder],
        farewells: /^POST \/session$/u,
        looks: /^GET \/monitoring\/queries\//u,
        async bring(batch) {
          const { revision = 1, timelabel = LABEL } = batch;
          const uri = await stageBatch(store, `${folder}/r${String(revision)}`, batch);
          names = batch.columns.map(({ name }) => quoted(storedName(name)));
          const work = { kind: 'load' as const, from: STAGED, mode: 'append' as const, key: [] };
          const inputs = [{ dataset: STAGED, timelabel, revision, uri }];
          const output = `warehouse.${schema}.${table}`;
          return (tools) =>
            loadStage(
              runOf({ work, output, attempt: tools.attempt, inputs, revision, timelabel }),
              toolsOf(connections, tools),
            );
        },
        async rows() {
          const there = await query(
            `SELECT 1 FROM "${connection.database}".information_schema.tables WHERE table_schema = '${schema.toUpperCase()}' AND table_name = '${stored.replaceAll("'", "''")}'`,
          );
          return there.length === 0 ? [] : query(`SELECT ${names.join(', ')} FROM ${at} ORDER BY "ID"`);
        },
      };
    },
  };
  return warehouseChecks(() => underTest);
});

/** As Snowflake stores a name that can be written without quotes. */
function storedName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_$]*$/u.test(name) ? name.toUpperCase() : name;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
