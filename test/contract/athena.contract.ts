import { setTimeout as delay } from 'node:timers/promises';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import {
  DeleteDatabaseCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { beforeAll } from '@jest/globals';
import { transformStage } from '../../activities/stages/transform.ts';
import { contract } from './contract.ts';
import { scrapsOf } from './environment/scraps.ts';
import { openStageStore, type StageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { engineChecks, type EngineUnderTest } from './kinds/engine.ts';
import { LABEL, runOf, toolsOf } from './runs.ts';

contract('athena', 'engine', () => engineChecks(openEngine('append')));
contract('athena', 'replacing engine', () => engineChecks(openEngine('replace')));

function openEngine(mode: 'append' | 'replace'): () => EngineUnderTest {
  const scraps = scrapsOf('athena');
  const athena = new AthenaClient({});
  const glue = new GlueClient({});
  scraps.remove('the clients of Athena and Glue', async () => {
    athena.destroy();
    glue.destroy();
  });
  let store: StageStore;
  beforeAll(async () => {
    store = await openStageStore(scraps);
  });
  const output = (): string => `s3://${store.bucket}/${store.prefix}/results/`;
  const workgroup = process.env['REEFLINE_CONTRACT_ATHENA_WORKGROUP'];
  const query = async (sql: string): Promise<string[][]> => {
    const { QueryExecutionId } = await athena.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        WorkGroup: workgroup,
        ResultConfiguration: { OutputLocation: output() },
      }),
    );
    for (;;) {
      const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
      const { State, StateChangeReason } = QueryExecution?.Status ?? {};
      if (State === 'FAILED' || State === 'CANCELLED') throw new Error(StateChangeReason ?? State);
      if (State === 'SUCCEEDED') break;
      await delay(50);
    }
    const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId }));
    // The first row holds the headings.
    return (ResultSet?.Rows ?? [])
      .slice(1)
      .map(({ Data }) => (Data ?? []).map(({ VarCharValue }) => VarCharValue ?? 'NULL'));
  };
  let tables = 0;
  const underTest: EngineUnderTest = {
    answers: awsAnswer,
    replaces: mode === 'replace',
    letters: 1_000_000,
    longText: (letters) => `SELECT 1 AS id, rpad('x', ${String(letters)}, 'x') AS note`,
    tooLongSelect: 262_144,
    async table(table = 'orders') {
      const database = `${scraps.prefix}_n${String((tables += 1))}x`;
      scraps.remove(`Glue database ${database}`, () =>
        glue.send(new DeleteDatabaseCommand({ Name: database })).catch(unlessMissing),
      );
      const connection = {
        kind: 'athena' as const,
        location: `s3://${store.bucket}/${store.prefix}/tables`,
        output: output(),
        ...(workgroup === undefined ? {} : { workgroup }),
      };
      return {
        words: [database],
        looks: /^GetQueryExecution$/u,
        transform:
          (sql, run = {}) =>
          (tools) => {
            const work = { kind: 'transform' as const, sql, file: 'contract.sql', mode, key: [] };
            return transformStage(
              runOf({ ...run, work, output: `athena.${database}.${table}`, attempt: tools.attempt }),
              toolsOf({ athena: connection }, tools),
            );
          },
        async shown() {
          const columns = await (mode === 'append' ? partitionColumns : tableColumns)(glue, database, table);
          if (columns === undefined) return 'nothing';
          const names = columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
          const where = mode === 'append' ? ` WHERE timelabel = '${LABEL}'` : '';
          return {
            columns,
            rows: await query(`SELECT ${names} FROM "${database}"."${table}"${where} ORDER BY id`),
          };
        },
      };
    },
  };
  return () => underTest;
}

/** Names of the columns of the label's partition; undefined without one. */
async function partitionColumns(
  glue: GlueClient,
  DatabaseName: string,
  TableName: string,
): Promise<string[] | undefined> {
  const found = await glue.send(new GetPartitionsCommand({ DatabaseName, TableName })).catch(unlessMissing);
  const partition = found?.Partitions?.find(({ Values }) => Values?.[0] === LABEL);
  return partition && (partition.StorageDescriptor?.Columns ?? []).map(({ Name: name }) => name ?? '');
}

/** Names of the columns of the table; undefined without one. */
async function tableColumns(
  glue: GlueClient,
  DatabaseName: string,
  Name: string,
): Promise<string[] | undefined> {
  const found = await glue.send(new GetTableCommand({ DatabaseName, Name })).catch(unlessMissing);
  return found && (found.Table?.StorageDescriptor?.Columns ?? []).map(({ Name: name }) => name ?? '');
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && error.name === 'EntityNotFoundException') return undefined;
  throw error;
}
