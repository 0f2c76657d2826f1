import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  GetPartitionsCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { beforeAll } from '@jest/globals';
import { registerStage } from '../../activities/stages/register.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { writeManifest } from '../../connectors/s3/manifest.ts';
import { contract } from './contract.ts';
import { scrapsOf } from './environment/scraps.ts';
import { openStageStore, type StageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import {
  catalogChecks,
  type CatalogBatch,
  type CatalogTable,
  type CatalogUnderTest,
} from './kinds/catalog.ts';
import { LABEL, runOf, toolsOf } from './runs.ts';

const DATASET = 'lake.shop.orders';

contract('glue', 'catalog', () => {
  const scraps = scrapsOf('glue');
  const glue = new GlueClient({});
  scraps.remove('the Glue client', async () => glue.destroy());
  let store: StageStore;
  beforeAll(async () => {
    store = await openStageStore(scraps);
  });
  let tables = 0;
  const table: CatalogUnderTest['table'] = async (names = {}) => {
    tables += 1;
    const { schema = 'shop', table: name = 'orders' } = names;
    const databasePrefix = `${scraps.prefix}_n${String(tables)}_`;
    const database = `${databasePrefix}${schema}`.toLowerCase();
    scraps.remove(`Glue database ${database}`, () =>
      glue.send(new DeleteDatabaseCommand({ Name: database })).catch(unlessMissing),
    );
    const connections = {
      lake: { kind: 's3' as const, bucket: store.bucket, prefix: store.prefix },
      catalog: { kind: 'glue' as const, databasePrefix },
    };
    const folder = `s3://${store.bucket}/${store.prefix}/n${String(tables)}x`;
    let batches = 0;
    return {
      words: [databasePrefix, folder],
      async stage(batch) {
        batches += 1;
        const revision = batch.revision ?? 1;
        const uri = await stageManifest(`${folder}/b${String(batches)}`, batch);
        return async (tools) => {
          const inputs = [{ dataset: DATASET, timelabel: LABEL, revision, uri }];
          const work = { kind: 'register' as const, from: DATASET };
          const output = `catalog.${schema}.${name}`;
          return registerStage(
            runOf({ work, output, attempt: tools.attempt, inputs, revision }),
            toolsOf(connections, tools),
          );
        };
      },
      async shown() {
        const at = { DatabaseName: database, TableName: name.toLowerCase() };
        const found = await glue.send(new GetPartitionsCommand(at)).catch(unlessMissing);
        const partition = found?.Partitions?.find(({ Values }) => Values?.[0] === LABEL);
        if (partition === undefined) return undefined;
        return {
          columns: (partition.StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => ({
            name: Name ?? '',
            type: Type ?? '',
          })),
          rows: Number(partition.Parameters?.['numRows']),
          folder: partition.StorageDescriptor?.Location ?? '',
        };
      },
    } satisfies CatalogTable;
  };
  const underTest: CatalogUnderTest = {
    answers: awsAnswer,
    int64: 'bigint',
    table,
    async strangeTable() {
      const made = await table();
      const database = `${scraps.prefix}_n${String(tables)}_shop`;
      await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
      await glue.send(
        new CreateTableCommand({
          DatabaseName: database,
          TableInput: {
            Name: 'orders',
            PartitionKeys: [{ Name: 'day', Type: 'string' }],
            StorageDescriptor: {
              Columns: [{ Name: 'id', Type: 'bigint' }],
              Location: `s3://${store.bucket}/none/`,
            },
          },
        }),
      );
      return made;
    },
  };
  return catalogChecks(() => underTest);
});

/** A registered label is described by its manifest alone, so the files need not exist. */
async function stageManifest(
  folder: string,
  { columns, files, revision = 1, manifestOf }: CatalogBatch,
): Promise<string> {
  const client = createS3Client();
  const uri = `${folder}/${LABEL}/r${String(revision)}/manifest.json`;
  const entries = Array.from({ length: files }, (_, at) => ({
    url: `${folder}/${LABEL}/r${String(revision)}/a1/part-${String(at)}.parquet`,
    mandatory: true as const,
    meta: { content_length: 100, rows: 10 },
  }));
  const about = {
    dataset: manifestOf ?? DATASET,
    timelabel: LABEL,
    revision,
    format: 'parquet' as const,
    columns,
  };
  try {
    await writeManifest(client, uri, {
      entries,
      reefline: { version: 1, ...about, rows: files * 10, bytes: files * 100 },
    });
    return uri;
  } finally {
    client.destroy();
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && error.name === 'EntityNotFoundException') return undefined;
  throw error;
}
