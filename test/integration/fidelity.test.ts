import pg from 'pg';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { publishStage } from '../../activities/stages/publish.ts';
import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import { hiveType } from '../../connectors/glue/column-types.ts';
import { redshiftType } from '../../connectors/redshift/column-types.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { AWKWARD_TYPES, type AwkwardType } from '../support/awkward-values.ts';
import { extractRun } from '../support/extract-run.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';
import { openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

/*
 * Awkward values on the whole way: from PostgreSQL through Parquet in S3 and a table in Redshift to a serving table in
 * PostgreSQL. Each comes back equal, or is refused by a message that names the table and the column.
 */
const PAGE = new URL('../../docs/types-postgres.md', import.meta.url);
const LABEL = '20010105080000';

let warehouse: TestWarehouse;
let database: FreshDatabase;
let client: pg.Client;
let tools: StageTools;

beforeAll(async () => {
  warehouse = await openTestWarehouse('fidelity');
  // The source and the serving tables: the warehouse keeps its own markers in a table of the same name.
  database = await freshDatabase('fidelity_shop');
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const given = toolsOf(warehouse);
  const shop = { kind: 'postgres', url: database.url } as const;
  tools = {
    ...given,
    connection: (name) => (name === 'shop' || name === 'serving' ? shop : given.connection(name)),
  };
});
afterAll(async () => {
  await client.end();
  await database.drop();
  await warehouse.close();
});

type StageName = 'extract' | 'load' | 'publish';
type Outcome = 'equal' | 'changed' | `refused by ${StageName}`;

interface Moved {
  readonly outcome: Outcome;
  /** What the extract staged the column as; absent when it was refused. */
  readonly staged?: Column;
  /** The type of the column in the serving table, as PostgreSQL spells it. */
  readonly served?: string;
}

let tables = 0;

/** Sends the values through all stages; the first refusal ends the way. */
async function move({ declared, text = 'v::text' }: AwkwardType, values: readonly string[]): Promise<Moved> {
  const table = `t${String((tables += 1))}`;
  await client.query(`create table public.${table} (id int primary key, v ${declared})`);
  for (const [id, value] of values.entries())
    await client.query(`insert into public.${table} values (${String(id)}, ${value})`);
  const [staged, warehoused, serving] = [
    `lake.shop.${table}`,
    `warehouse.analytics.${table}`,
    `serving.app.${table}`,
  ] as const;
  const load = { kind: 'load', from: staged, mode: 'append', key: [] } as const;
  const publish = { kind: 'publish', from: warehoused, key: ['id'], rows: 'all' } as const;
  const refused = async (name: StageName, step: Promise<StageOutput>): Promise<StageOutput | Outcome> =>
    step.catch((error: unknown) => {
      if (!(error instanceof StageFailure)) throw error;
      expect(error.message).toContain(table);
      expect(error.message).toMatch(/\bv\b/u);
      expect(error.failureClass).toBe('data_error');
      return `refused by ${name}` as const;
    });
  const extracted = await refused('extract', extractStage(extractRun({ table, timelabel: LABEL }), tools));
  if (typeof extracted === 'string') return { outcome: extracted };
  const column = extracted.columns?.find(({ name }) => name === 'v');
  const known = column === undefined ? {} : { staged: column };
  const { uri } = extracted;
  const loaded = await refused(
    'load',
    loadStage(runOf({ work: load, output: warehoused, timelabel: LABEL, uri }), tools),
  );
  if (typeof loaded === 'string') return { outcome: loaded, ...known };
  const published = await refused(
    'publish',
    publishStage(runOf({ work: publish, output: serving, timelabel: LABEL }), tools),
  );
  if (typeof published === 'string') return { outcome: published, ...known };
  const { rows } = await client.query<{ rows: number }>(
    `select count(*)::int as rows from (select id, ${text} as v from public.${table}) s
       full join app.${table} t using (id) where s.v is distinct from t.v::text`,
  );
  const types = await client.query<{ type: string }>(
    `select format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = 'app.${table}'::regclass and attname = 'v'`,
  );
  return { outcome: rows[0]?.rows === 0 ? 'equal' : 'changed', ...known, served: types.rows[0]?.type ?? '' };
}

interface TypeReport {
  readonly type: AwkwardType;
  readonly moved: Moved;
  readonly outcomes: readonly (readonly [value: string, outcome: Outcome])[];
}

/** All values of a type at once; one by one when one of them is refused. */
async function reportOf(type: AwkwardType): Promise<TypeReport> {
  const moved = await move(type, Object.values(type.values));
  const names = Object.keys(type.values);
  if (moved.outcome === 'equal' || names.length === 1)
    return { type, moved, outcomes: names.map((name) => [name, moved.outcome]) };
  const outcomes: [string, Outcome][] = [];
  let whole = moved;
  for (const [name, value] of Object.entries(type.values)) {
    const alone = await move(type, [value]);
    outcomes.push([name, alone.outcome]);
    if (alone.served !== undefined) whole = alone;
  }
  return { type, moved: whole, outcomes };
}

const NOWHERE = '';

function typeRow({ type, moved: { staged, served } }: TypeReport): readonly string[] {
  if (staged === undefined) return [code(type.declared), 'refused', NOWHERE, NOWHERE, NOWHERE];
  return [
    code(type.declared),
    describeType(staged.type),
    code(hiveType(staged.type)),
    code(redshiftType(staged.type)),
    served === undefined ? NOWHERE : code(served),
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}

function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The page with this block in it, after the comment of this name. */
function withBlock(page: string, name: string, block: string): string {
  const mark = `<!-- ${name} -->`;
  expect(page).toContain(mark);
  const [before = '', after = ''] = page.split(mark);
  return `${before}${mark}\n\n${block}\n\n${after.slice(after.indexOf('<!-- end -->'))}`;
}

/** Tables are laid out anew when the page is formatted. */
function unformatted(page: string): string {
  return page.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---');
}

test('awkward values come back equal, or are refused by a message that names the column; docs/types-postgres.md says which', async () => {
  const reports: TypeReport[] = [];
  for (const type of AWKWARD_TYPES) reports.push(await reportOf(type));
  const outcomes = reports.flatMap(({ type, outcomes: found }) =>
    found.map(([value, outcome]) => [code(type.declared), value, outcome]),
  );
  expect(outcomes.filter(([, , outcome]) => outcome === 'changed')).toEqual([]);
  const page = readFileSync(PAGE, 'utf8');
  const typed = withBlock(
    page,
    'types',
    markdown(['PostgreSQL', 'staged as', 'Glue', 'Redshift', 'served as'], reports.map(typeRow)),
  );
  const actual = withBlock(
    typed,
    'values',
    markdown(['PostgreSQL', 'value', 'what becomes of it'], outcomes),
  );
  if (process.env['REEFLINE_WRITE_DOCS'] === '1') writeFileSync(PAGE, actual);
  else expect(unformatted(actual)).toBe(unformatted(page));
}, 120_000);
