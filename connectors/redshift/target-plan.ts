import { holds } from '../../pipeline/column-fit.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { neutralType, redshiftType, storedColumn } from './column-types.ts';
import { LABEL_COLUMN, literal, MARKERS, quoted, quotedTable, storedName, type TableName } from './names.ts';

/** One column of an existing table, as the catalog spells it. */
export interface CatalogColumn {
  readonly name: string;
  readonly type: string;
}

/** What the catalog says before a run. An absent table has no columns: Redshift has no table without any. */
export interface TargetState {
  readonly schemas: readonly string[];
  readonly markers: boolean;
  readonly columns: readonly CatalogColumn[];
}

/**
 * Statements that make the target ready for the incoming columns; empty when it is. Only additive: a new table, new
 * columns. Throws StageFailure `data_error` for a column whose type the target cannot hold.
 */
export function planTarget(
  dataset: string,
  target: TableName,
  state: TargetState,
  incoming: readonly Column[],
): readonly string[] {
  const columns = checkedNames(dataset, incoming);
  const schemas = [target.schema, MARKERS.schema].filter((name) => !state.schemas.includes(name));
  const statements = [...new Set(schemas)].map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoted(name)}`);
  if (!state.markers) statements.push(createMarkers());
  if (state.columns.length === 0) return [...statements, ...createTarget(dataset, target, columns)];
  const held = new Map(state.columns.map((column) => [column.name, column.type]));
  refuseRetyped(target, held, columns);
  const added = columns.filter((column) => !held.has(column.name)).map((column) => definition(column));
  if (!held.has(LABEL_COLUMN)) added.push(`${quoted(LABEL_COLUMN)} char(14)`);
  // ADD COLUMN takes one column and has no IF NOT EXISTS in Redshift.
  return [...statements, ...added.map((column) => `ALTER TABLE ${quotedTable(target)} ADD COLUMN ${column}`)];
}

/** The table's columns once a planned run has ended, without the label column, in the table's order. */
export function columnsAfter(state: TargetState, incoming: readonly Column[]): readonly Column[] {
  const arriving = new Map(incoming.map((column) => [storedName(column.name), storedColumn(column)]));
  const present = state.columns.flatMap(({ name, type }): Column[] => {
    if (name === LABEL_COLUMN) return [];
    const known = neutralType(type) ?? arriving.get(name)?.type;
    return known === undefined ? [] : [{ name, type: known, nullable: true }];
  });
  const names = new Set(state.columns.map((column) => column.name));
  const added = [...arriving]
    .filter(([name]) => !names.has(name))
    .map(([name, column]) => ({ ...column, name }));
  return [...present, ...added];
}

function checkedNames(dataset: string, incoming: readonly Column[]): readonly Column[] {
  const seen = new Map<string, string>();
  return incoming.map((column) => {
    const name = storedName(column.name);
    const other = seen.get(name);
    if (other !== undefined) {
      throw new StageFailure(
        'invalid_config',
        `Columns "${other}" and "${column.name}" of ${dataset} have one name in Redshift, which ignores case. Rename one of them.`,
        { facts: { column: name } },
      );
    }
    if (name === LABEL_COLUMN) {
      throw new StageFailure(
        'invalid_config',
        `Column "${name}" of ${dataset} has the name that Reefline keeps the timelabel under. Rename it.`,
        { facts: { column: name } },
      );
    }
    seen.set(name, column.name);
    return { ...column, name };
  });
}

function createMarkers(): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${quotedTable(MARKERS)} (dataset varchar(512) NOT NULL, timelabel char(14) NOT NULL, ` +
    'revision integer NOT NULL, "rows" bigint NOT NULL, applied_at timestamp NOT NULL)'
  );
}

/**
 * No IF NOT EXISTS: when two runs create the table at once, the second batch fails as a whole and is planned anew. So
 * the markers of a table that somebody dropped are forgotten exactly once, and never those of the other run.
 */
function createTarget(dataset: string, target: TableName, columns: readonly Column[]): readonly string[] {
  const definitions = [...columns.map(definition), `${quoted(LABEL_COLUMN)} char(14)`].join(', ');
  return [
    `CREATE TABLE ${quotedTable(target)} (${definitions})`,
    `DELETE FROM ${quotedTable(MARKERS)} WHERE dataset = ${literal(dataset)}`,
  ];
}

function definition(column: Column): string {
  return `${quoted(column.name)} ${redshiftType(column.type)}`;
}

function refuseRetyped(
  target: TableName,
  held: ReadonlyMap<string, string>,
  columns: readonly Column[],
): void {
  const retyped = columns.flatMap((column) => {
    const type = held.get(column.name);
    if (type === undefined) return [];
    const neutral = neutralType(type);
    const fits = neutral !== undefined && holds(neutral, storedColumn(column).type);
    return fits ? [] : [{ name: column.name, type, neutral, column, arriving: describeType(column.type) }];
  });
  const [first] = retyped;
  if (first === undefined) return;
  const list = retyped
    .map(({ name, type, arriving }) => `"${name}" is ${type} there and ${arriving} in the batch`)
    .join('; ');
  const wider = retyped.every(
    ({ neutral, column }) => neutral !== undefined && holds(storedColumn(column).type, neutral),
  );
  const cure = wider
    ? `Widen it, then run the label again: ${retyped.map(({ column }) => wideningStatements(target, column)).join(' ')}`
    : 'Convert the column in the table or restore its type at the source, then run the label again.';
  throw new StageFailure(
    'data_error',
    `Redshift table ${target.schema}.${target.table} cannot hold the batch: ${list}. Reefline never changes a column's type. ${cure}`,
    {
      facts: {
        table: `${target.schema}.${target.table}`,
        column: first.name,
        from: first.type,
        to: first.arriving,
      },
    },
  );
}

/** Redshift changes nothing of a column's type but the length of a varchar, so the values move to a new column. */
function wideningStatements(target: TableName, column: Column): string {
  const table = `ALTER TABLE ${quotedTable(target)}`;
  const [name, wide] = [quoted(column.name), quoted(`${column.name}_wide`)];
  return [
    `${table} ADD COLUMN ${wide} ${redshiftType(column.type)};`,
    `UPDATE ${quotedTable(target)} SET ${wide} = ${name};`,
    `${table} DROP COLUMN ${name};`,
    `${table} RENAME COLUMN ${wide} TO ${name};`,
  ].join(' ');
}
