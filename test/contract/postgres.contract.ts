import { beforeAll } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { attemptAt, mustSucceed, type AttemptTools, type Subject } from './attempts.ts';
import { contract } from './contract.ts';
import { extractedTable, snapshotOf } from './environment/extracted-table.ts';
import { openPostgres, quoted, rowsOf, type PostgresEndpoint } from './environment/postgres.ts';
import { scrapsOf } from './environment/scraps.ts';
import { STAGED } from './environment/staged-batch.ts';
import { openStageStore, type StageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { postgresAnswer } from './faults/database-answers.ts';
import { OF_DATABASES, patience } from './faults/database-protocols.ts';
import { sourceChecks, type SourceContent, type SourceUnderTest } from './kinds/source.ts';
import { warehouseChecks, type WarehouseUnderTest } from './kinds/warehouse.ts';
import { LABEL, runOf, toolsOf } from './runs.ts';

const answers: Subject['answers'] = (service, fault) =>
  service === 'postgres' ? postgresAnswer(fault) : awsAnswer(service, fault);

/** PostgreSQL's own limit is 1 GB; a row of this size must not be held several times. */
const LONG_TEXT = 20_000_000;

/** What the batches are extracted with, outside of any attempt. */
const ALONE: AttemptTools = {
  attempt: 1,
  heartbeat: () => undefined,
  lastHeartbeat: undefined,
  signal: new AbortController().signal,
};

contract('postgres', 'source', () => {
  const scraps = scrapsOf('postgres');
  let store: StageStore;
  let postgres: PostgresEndpoint;
  beforeAll(async () => {
    store = await openStageStore(scraps);
    postgres = await openPostgres(scraps);
  });
  let tables = 0;
  const underTest: SourceUnderTest = {
    answers,
    longestText: LONG_TEXT,
    async table({ columns, rows }, table = `orders_n${String((tables += 1))}x`) {
      const { connection, schema } = postgres;
      await makeTable(postgres, table, { columns, rows });
      const folder = `f${String((tables += 1))}x`;
      return extractedTable(store, { connection, schema, table }, folder);
    },
  };
  return sourceChecks(() => underTest);
});

contract('postgres', 'warehouse', () => warehouseChecks(openTarget('append')));
contract('postgres', 'merging warehouse', () => warehouseChecks(openTarget('merge')));

function openTarget(mode: 'append' | 'merge'): () => WarehouseUnderTest {
  const scraps = scrapsOf('postgres');
  const schema = scraps.prefix;
  let store: StageStore;
  let postgres: PostgresEndpoint;
  beforeAll(async () => {
    store = await openStageStore(scraps);
    postgres = await openPostgres(scraps);
    scraps.remove('the markers', () =>
      postgres.query(`delete from reefline.applied where dataset like 'serving.${schema}.%'`),
    );
    // The first load makes the table of markers, which only one place would then have as a step.
    const attempt = await (
      await underTest.table()
    ).bring({ columns: [{ name: 'id', type: { kind: 'int64' }, nullable: false }], rows: [] });
    mustSucceed(await attemptAt({ words: [], attempt, state: async () => null }));
  });
  let tables = 0;
  const underTest: WarehouseUnderTest = {
    answers,
    longestText: LONG_TEXT,
    longerText: 'fits',
    merges: mode === 'merge',
    async table({ table = `orders_n${String((tables += 1))}x` } = {}) {
      const { connection } = postgres;
      const folder = `${store.prefix}/b${String((tables += 1))}x`;
      let names: readonly string[] = [];
      return {
        words: [table, folder],
        ...OF_DATABASES,
        async bring(batch) {
          const { revision = 1, timelabel = LABEL, columns } = batch;
          names = columns.map(({ name }) => name);
          // Loads take the files of extracts alone.
          const source = `source_n${String((tables += 1))}x`;
          await makeTable(postgres, source, batch);
          const lake = { kind: 's3' as const, bucket: store.bucket, prefix: folder };
          const { uri } = await extractStage(
            runOf({
              work: snapshotOf(`serving.${schema}.${source}`),
              output: STAGED,
              attempt: 1,
              revision,
              timelabel,
            }),
            toolsOf({ lake, serving: connection }, ALONE),
          );
          const work = { kind: 'load' as const, from: STAGED, mode, key: mode === 'merge' ? ['id'] : [] };
          const inputs = [{ dataset: STAGED, timelabel, revision, uri }];
          const output = `serving.${schema}.${table}`;
          return (tools) =>
            loadStage(
              runOf({ work, output, attempt: tools.attempt, inputs, revision, timelabel }),
              toolsOf({ lake, serving: { ...connection, ...patience() } }, tools),
            );
        },
        rows: () => rowsOf(postgres, table, names),
      };
    },
  };
  return () => underTest;
}

async function makeTable(
  { schema, query }: PostgresEndpoint,
  table: string,
  { columns, rows }: SourceContent,
): Promise<void> {
  const at = `${quoted(schema)}.${quoted(table)}`;
  const definitions = columns.map(
    ({ name, type, nullable }) =>
      `${quoted(name)} ${type.kind === 'int64' ? 'bigint' : 'text'}${nullable ? '' : ' not null'}`,
  );
  await query(`create table ${at} (${definitions.join(', ')})`);
  for (const row of rows) {
    const places = row.map((_, index) => `$${String(index + 1)}`);
    await query(`insert into ${at} values (${places.join(', ')})`, row);
  }
}
