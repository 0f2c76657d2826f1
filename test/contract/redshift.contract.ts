import { beforeAll } from '@jest/globals';
import { loadStage } from '../../activities/stages/load.ts';
import { contract } from './contract.ts';
import { openRedshift } from './environment/redshift.ts';
import { scrapsOf } from './environment/scraps.ts';
import { stageBatch, STAGED } from './environment/staged-batch.ts';
import { openStageStore, type StageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { warehouseChecks, type WarehouseUnderTest } from './kinds/warehouse.ts';
import { LABEL, runOf, toolsOf } from './runs.ts';

contract('redshift', 'warehouse', () => warehouseChecks(openWarehouse('append')));
contract('redshift', 'merging warehouse', () => warehouseChecks(openWarehouse('merge')));

function openWarehouse(mode: 'append' | 'merge'): () => WarehouseUnderTest {
  const scraps = scrapsOf('redshift');
  const schema = scraps.prefix;
  const redshift = openRedshift(scraps);
  let store: StageStore;
  beforeAll(async () => {
    store = await openStageStore(scraps);
    scraps.remove('the markers', () =>
      redshift.query(`DELETE FROM reefline.applied WHERE dataset LIKE 'warehouse.${schema}.%'`),
    );
    scraps.remove(`schema ${schema}`, () => redshift.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  });
  let tables = 0;
  const underTest: WarehouseUnderTest = {
    answers: awsAnswer,
    longestText: 65_535,
    merges: mode === 'merge',
    async table({ table = `orders_n${String((tables += 1))}x` } = {}) {
      const folder = `${store.prefix}/b${String((tables += 1))}x`;
      const connections = {
        lake: { kind: 's3' as const, bucket: store.bucket, prefix: store.prefix },
        warehouse: redshift.connection,
      };
      const quoted = `"${schema}"."${table.replaceAll('"', '""')}"`;
      let names: readonly string[] = [];
      return {
        words: [table, folder],
        async bring(batch) {
          const { revision = 1, timelabel = LABEL } = batch;
          const uri = await stageBatch(store, `${folder}/${timelabel}/r${String(revision)}`, batch);
          names = batch.columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
          const work = { kind: 'load' as const, from: STAGED, mode, key: mode === 'merge' ? ['id'] : [] };
          const inputs = [{ dataset: STAGED, timelabel, revision, uri }];
          return (tools) =>
            loadStage(
              runOf({
                work,
                output: `warehouse.${schema}.${table}`,
                attempt: tools.attempt,
                inputs,
                revision,
                timelabel,
              }),
              toolsOf(connections, tools),
            );
        },
        async rows() {
          const there = await redshift.query(
            `SELECT 1 FROM information_schema.tables WHERE table_schema = '${schema}' AND table_name = '${table.replaceAll("'", "''")}'`,
          );
          return there.length === 0
            ? []
            : redshift.query(`SELECT ${names.join(', ')} FROM ${quoted} ORDER BY "id"`);
        },
      };
    },
  };
  return () => underTest;
}
