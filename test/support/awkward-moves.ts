import { expect } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import type { StageTools } from '../../activities/stages/runner.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { formatNamed, type FormatName } from '../../pipeline/staged-format.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { extractRun } from './extract-run.ts';

/** Values of one type of a source that movers are known to lose, round or confuse. */
export interface AwkwardType {
  readonly declared: string;
  /** SQL expressions by what they are: each destination must hold them as they were. */
  readonly values: Readonly<Record<string, string>>;
  /** What PostgreSQL says of the values; without it the source, which is PostgreSQL then, is asked. */
  readonly expected?: readonly string[];
  /** Values that some stage refuses. */
  readonly extremes?: Readonly<Record<string, string>>;
  /** What the value of a column is as a text, where a cast would not say it. */
  readonly text?: (column: string) => string;
}

export interface StagedTable {
  readonly table: string;
  readonly uri: string;
  /** Without the column id. */
  readonly columns: readonly Column[];
}

/** A place that values reach, directly or over another one. */
export interface Destination {
  readonly title: string;
  /** Its type for a staged column. */
  type(column: Column): string;
  /** @throws StageFailure when it refuses the rows. */
  bring(staged: StagedTable): Promise<void>;
  /** What it shows of a value that it holds as it was, where that is less, and a word for it; undefined for all of it. */
  readonly shows?: (
    column: Column,
    text: string,
  ) => { readonly text: string; readonly as: string } | undefined;
  /** The values of all rows, in the order of their ids, as PostgreSQL writes them. */
  read(staged: StagedTable): Promise<readonly (readonly (string | null)[])[]>;
}

export interface AwkwardSource {
  readonly tools: StageTools;
  /** How the tables are staged; as Parquet when absent. */
  readonly format?: FormatName;
  /** Makes a table with a key `id` and the columns, and a row of each list of SQL expressions. */
  create(table: string, columns: readonly string[], rows: readonly (readonly string[])[]): Promise<void>;
  /** The dataset that an extract names. */
  from(table: string): string;
  /** What the rows are as texts, from expressions of the columns. */
  texts(table: string, expressions: readonly string[]): Promise<readonly (readonly (string | null)[])[]>;
}

export interface Report {
  /** A line for each type: declared, staged as, type at each destination. */
  readonly types: readonly (readonly string[])[];
  /** A line for each value: declared, value, what becomes of it at each destination. */
  readonly values: readonly (readonly string[])[];
  /** A line for each refusal: declared, value, message. */
  readonly refusals: readonly (readonly string[])[];
}

/** A word in the destination's place, or the failure. */
type Outcome = 'equal' | 'not reached' | StageFailure;

/** The types as CSV carries them: a text that stands for NULL there, and no bytes, are among the values that a stage refuses. */
export function asCsv(types: readonly AwkwardType[]): readonly AwkwardType[] {
  const refused = ['what COPY writes for NULL', 'empty'];
  return types.map((type) => {
    const { values, extremes = {} } = type;
    // All other extremes are refused as they are on the way into Parquet, by the same code.
    const alone = { ...values, ...extremes };
    const pick = (wanted: (name: string) => boolean): Record<string, string> =>
      Object.fromEntries(Object.entries(alone).filter(([name]) => wanted(name)));
    const carried = pick((name) => name in values && !refused.includes(name));
    return { ...type, values: carried, extremes: pick((name) => refused.includes(name) || name === '3 MB') };
  });
}

/**
 * Sends all values that must arrive in one table, whose columns are the types, and every other one alone. A value that arrives
 * changed, or is refused though it must arrive, fails the test at once.
 */
export async function moveAll(
  source: AwkwardSource,
  destinations: readonly Destination[],
  types: readonly AwkwardType[],
  refusedTypes: readonly string[],
): Promise<Report> {
  const carried = types.filter(({ values }) => Object.keys(values).length > 0);
  const { staged, wanted } = await moveTogether(source, destinations, carried);
  const values: string[][] = [];
  const refusals: string[][] = [];
  for (const { declared, values: equal, extremes = {} } of types) {
    const at = carried.findIndex((type) => type.declared === declared);
    const column = staged.columns[at];
    for (const [row, name] of Object.keys(equal).entries()) {
      const text = wanted[row]?.[at] ?? '';
      const cells = destinations.map(({ shows }) => (column && shows?.(column, text)?.as) ?? 'equal');
      values.push([code(declared), name, ...cells]);
    }
    for (const [name, sql] of Object.entries(extremes)) {
      const table = tableOf(source, `alone_${String(refusals.length)}`);
      const { cells, messages } = await moveAlone(source, destinations, table, { declared, sql });
      values.push([code(declared), name, ...cells]);
      for (const message of messages) refusals.push([code(declared), name, message]);
    }
  }
  if (refusedTypes.length > 0)
    refusals.push([refusedTypes.map(code).join(', '), 'any', await refuseTypes(source, refusedTypes)]);
  const typed = carried.flatMap(({ declared }, at) => {
    const column = staged.columns[at];
    if (column === undefined) return [];
    const there = destinations.map((destination) => code(destination.type(column)));
    return [[code(declared), describeType(column.type), ...there]];
  });
  return { types: typed, values, refusals };
}

export function code(text: string): string {
  return text.startsWith('`') ? text : `\`${text}\``;
}

function cell(outcome: Outcome): string {
  return typeof outcome === 'string' ? outcome : 'refused';
}

/** The message without what differs from run to run. */
function told(failure: StageFailure, table: string): string {
  return failure.message
    .replaceAll(table, 't')
    .replaceAll(/s3:\/\/\S+/g, 's3://…')
    .replaceAll(/mysql_fidelity_\w+\./g, 'shop.')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

async function moveTogether(
  source: AwkwardSource,
  destinations: readonly Destination[],
  types: readonly AwkwardType[],
): Promise<{ readonly staged: StagedTable; readonly wanted: readonly (readonly (string | null)[])[] }> {
  const depth = Math.max(...types.map(({ values }) => Object.keys(values).length));
  // The last row is NULL in every column that may be.
  const rows = Array.from({ length: depth + 1 }, (_, row) =>
    types.map(({ values }) => Object.values(values)[row] ?? (isComputed(values) ? 'default' : 'null')),
  );
  const names = types.map((_, at) => `c${String(at)}`);
  const table = tableOf(source, 'together');
  await source.create(
    table,
    types.map(({ declared }, at) => `${names[at] ?? ''} ${declared}`),
    rows,
  );
  const texts = await source.texts(
    table,
    types.map(({ text }, at) => text?.(names[at] ?? '') ?? `${names[at] ?? ''}::text`),
  );
  const wanted = rows.map((_, row) =>
    types.map(({ expected }, at) => (expected === undefined ? texts[row]?.[at] : expected[row]) ?? null),
  );
  const staged = await extract(source, table);
  for (const destination of destinations) {
    await destination.bring(staged);
    const found = await destination.read(staged);
    const labelled = (table: readonly (readonly (string | null)[])[]): unknown =>
      types.map(({ declared }, at) => [destination.title, declared, table.map((row) => row[at] ?? null)]);
    const shown = wanted.map((row) => row.map((text, at) => shownBy(destination, staged.columns[at], text)));
    expect(labelled(found)).toEqual(labelled(shown));
  }
  return { staged, wanted };
}

function shownBy({ shows }: Destination, column: Column | undefined, text: string | null): string | null {
  return (text !== null && column !== undefined ? shows?.(column, text)?.text : undefined) ?? text;
}

function isComputed(values: AwkwardType['values']): boolean {
  return Object.values(values).includes('default');
}

/** Sends one value in a table of its own: what becomes of it at each destination, and the messages of those that refuse it. */
export async function moveAlone(
  source: AwkwardSource,
  destinations: readonly Destination[],
  table: string,
  value: { readonly declared: string; readonly sql: string },
): Promise<{ readonly cells: readonly string[]; readonly messages: readonly string[] }> {
  const outcomes = await outcomesOf(source, destinations, table, value);
  const failures = new Set(outcomes.filter((outcome) => outcome instanceof StageFailure));
  return { cells: outcomes.map(cell), messages: [...failures].map((failure) => told(failure, table)) };
}

async function outcomesOf(
  source: AwkwardSource,
  destinations: readonly Destination[],
  table: string,
  { declared, sql }: { readonly declared: string; readonly sql: string },
): Promise<readonly Outcome[]> {
  await source.create(table, [`v ${declared}`], [[sql], ['null']]);
  const staged = await refusedOr(extract(source, table), table);
  if (staged instanceof StageFailure) return destinations.map(() => staged);
  const outcomes: Outcome[] = [];
  for (const destination of destinations) {
    // What a destination refused never comes to those behind it.
    const before = outcomes.find((outcome) => outcome instanceof StageFailure);
    const refused = before === undefined ? await refusedOr(destination.bring(staged), table) : undefined;
    if (before !== undefined) outcomes.push('not reached');
    else if (refused instanceof StageFailure) outcomes.push(refused);
    else {
      const texts = await source.texts(table, ['v']);
      expect([destination.title, declared, await destination.read(staged)]).toEqual([
        destination.title,
        declared,
        texts,
      ]);
      outcomes.push('equal');
    }
  }
  return outcomes;
}

/** All refused types in one table: the message, which must name each column, with the first of them. */
async function refuseTypes(source: AwkwardSource, declared: readonly string[]): Promise<string> {
  const columns = declared.map((type, at) => `r${String(at)} ${type}`);
  await source.create('refused', columns, []);
  const failure = await refusedOr(extract(source, 'refused'), 'refused');
  if (!(failure instanceof StageFailure)) throw new Error('no type was refused');
  for (const [at, type] of declared.entries())
    expect(failure.message).toContain(`refused.r${String(at)} (${type})`);
  return told(failure, 'refused').replace(/, \S+\.r1 .*?\)\. /, ', …. ');
}

function tableOf({ format }: AwkwardSource, name: string): string {
  return format === undefined ? name : `${name}_${format.replace('.', '_')}`;
}

async function extract(source: AwkwardSource, table: string): Promise<StagedTable> {
  const format = formatNamed(source.format ?? 'parquet');
  const run = extractRun({ table, work: { from: source.from(table), ...format } });
  const { uri, columns } = await extractStage(run, source.tools);
  return { table, uri: uri ?? '', columns: (columns ?? []).filter(({ name }) => name !== 'id') };
}

/** A refusal must be of the data and name the table and the column. */
async function refusedOr<T>(step: Promise<T>, table: string): Promise<T | StageFailure> {
  return step.catch((error: unknown) => {
    if (!(error instanceof StageFailure)) throw error;
    expect(error.failureClass).toBe('data_error');
    expect(error.message).toContain(table);
    expect(error.message).toMatch(/\b[vr]\d*\b/u);
    return error;
  });
}
