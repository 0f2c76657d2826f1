import { loadStage } from '../../activities/stages/load.ts';
import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import type { Column } from '../../pipeline/column.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { runOf, stage, toolsOf, type TestWarehouse } from './warehouse.ts';

export const SOURCE = 'lake.shop.orders';
export const L8 = '20010105080000';
export const L9 = '20010105090000';
export const COLUMNS: readonly Column[] = [
  { name: 'id', type: { kind: 'int64' }, nullable: false },
  { name: 'note', type: { kind: 'text' }, nullable: true },
];

/** A table that a test loads, and what is in it. */
export interface TableUnderTest {
  readonly output: string;
  readonly work: LoadWork;
  /** Stages DuckDB rows, written as VALUES or as a SELECT; undefined for an empty batch. */
  stage(
    timelabel: string,
    revision: number,
    values: string | undefined,
    staged?: readonly Column[],
  ): Promise<string>;
  load(
    timelabel: string,
    revision: number,
    uri: string,
    tools?: StageTools,
    attempt?: number,
  ): Promise<StageOutput>;
  /** Stages and loads. */
  put(timelabel: string, revision: number, values: string | undefined): Promise<StageOutput>;
  /** As `put`, of a batch whose manifest tells of deleted ids, which are written as VALUES. */
  putDeleting(timelabel: string, values: string | undefined, ids: string): Promise<StageOutput>;
  /** `id note hour` of every row. */
  rows(): Promise<string[]>;
  markers(): Promise<Record<string, unknown>[]>;
}

/** One table per test, so that tests do not see each other's rows. */
export function tableUnderTest(
  warehouse: TestWarehouse,
  table: string,
  mode: LoadWork['mode'],
  columns: readonly Column[] = COLUMNS,
): TableUnderTest {
  const output = `warehouse.analytics.${table}`;
  const work: LoadWork = { kind: 'load', from: SOURCE, mode, key: mode === 'merge' ? ['id'] : [] };
  const name = `"analytics"."${table}"`;
  return {
    output,
    work,
    async stage(
      timelabel: string,
      revision: number,
      values: string | undefined,
      staged = columns,
    ): Promise<string> {
      const names = staged.map((column) => column.name).join(', ');
      const select =
        values?.startsWith('SELECT') === true
          ? values
          : `SELECT * FROM (VALUES ${values ?? ''}) AS v(${names})`;
      return stage(warehouse.bucket, `${SOURCE}.${table}`, {
        timelabel,
        revision,
        columns: staged,
        select: values === undefined ? undefined : select,
      });
    },
    load(timelabel: string, revision: number, uri: string, tools = toolsOf(warehouse), attempt = 1) {
      return loadStage(runOf({ work, output, timelabel, revision, uri, attempt }), tools);
    },
    async put(timelabel: string, revision: number, values: string | undefined) {
      return this.load(timelabel, revision, await this.stage(timelabel, revision, values));
    },
    async putDeleting(timelabel: string, values: string | undefined, ids: string) {
      const uri = await stage(warehouse.bucket, `${SOURCE}.${table}`, {
        timelabel,
        revision: 1,
        columns,
        select: values === undefined ? undefined : `SELECT * FROM (VALUES ${values}) AS v(id, note)`,
        deletes: { columns: columns.slice(0, 1), select: `SELECT * FROM (VALUES ${ids}) AS v(id)` },
      });
      return this.load(timelabel, 1, uri);
    },
    async rows(): Promise<string[]> {
      const found = await warehouse.query(
        `SELECT id, note, reefline_timelabel AS label FROM ${name} ORDER BY id, note, label`,
      );
      return found.map(
        (row) => `${String(row['id'])} ${String(row['note'])} ${String(row['label']).slice(8, 10)}h`,
      );
    },
    markers: () =>
      warehouse.query(
        `SELECT timelabel, revision::int, rows::int FROM reefline.applied WHERE dataset = '${output}' ORDER BY timelabel, revision`,
      ),
  };
}
