import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import {
  heldType,
  holds,
  neutralType,
  snowflakeType,
  storedColumn,
  typeText,
  type HeldType,
} from './column-types.ts';
import {
  LABEL_COLUMN,
  literal,
  MARKERS,
  neutralName,
  quoted,
  quotedTable,
  storedName,
  type TableName,
} from './names.ts';

/** One column of an existing table. */
export interface CatalogColumn {
  /** As stored. */
  readonly name: string;
  readonly type: HeldType;
}

/** What the catalog says before a run. An absent table has no columns: Snowflake has no table without any. */
export interface TargetState {
  readonly schemas: readonly string[];
  readonly markers: boolean;
  readonly turns: boolean;
  readonly columns: readonly CatalogColumn[];
}

/**
 * The table whose single row the writers of a target take turns on: Snowflake has no LOCK, but an UPDATE keeps others out
 * of its table until the transaction ends. One for each target, so that different tables are written at once.
 */
export function turnsOf({ schema, table }: TableName): TableName {
  return { schema: MARKERS.schema, table: `TURNS ${schema}.${table}` };
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
  const columns = checkedColumns(dataset, incoming);
  const schemas = [target.schema, MARKERS.schema].filter((name) => !state.schemas.includes(name));
  const statements = [...new Set(schemas)].map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoted(name)}`);
  if (!state.markers) statements.push(createMarkers());
  if (!state.turns) statements.push(`CREATE TABLE ${quotedTable(turnsOf(target))} AS SELECT 1 AS "TURN"`);
  if (state.columns.length === 0) return [...statements, ...createTarget(dataset, target, columns)];
  const held = new Map(state.columns.map((column) => [column.name, column.type]));
  refuseRetyped(target, held, columns);
  const added = columns.filter((column) => !held.has(column.name)).map(definition);
  if (!held.has(LABEL_COLUMN)) added.push(LABEL_DEFINITION);
  return [
    ...statements,
    ...added.map((column) => `ALTER TABLE ${quotedTable(target)} ADD COLUMN IF NOT EXISTS ${column}`),
  ];
}

/** The table's columns once a planned run has ended, by their neutral names and without the label column. */
export function columnsAfter(state: TargetState, incoming: readonly Column[]): readonly Column[] {
  const arriving = new Map(incoming.map((column) => [storedName(column.name), storedColumn(column)]));
  const present = state.columns.flatMap(({ name, type }): Column[] => {
    if (name === LABEL_COLUMN) return [];
    const known = neutralType(type) ?? arriving.get(name)?.type;
    return known === undefined ? [] : [{ name: neutralName(name), type: known, nullable: true }];
  });
  const names = new Set(state.columns.map((column) => column.name));
  const added = [...arriving]
    .filter(([name]) => !names.has(name))
    .map(([name, column]) => ({ ...column, name: neutralName(name) }));
  return [...present, ...added];
}

const LABEL_DEFINITION = `${quoted(LABEL_COLUMN)} VARCHAR(14)`;
/** Snowflake leaves one of the 38 digits before the point (docs.snowflake.com, "Numeric data types"). */
const MOST_SCALE = 37;

/** The columns under their stored names; throws StageFailure `invalid_config` for what Snowflake could not tell apart or hold. */
function checkedColumns(dataset: string, incoming: readonly Column[]): readonly Column[] {
  const seen = new Map<string, string>();
  return incoming.map((column) => {
    const name = storedName(column.name);
    const refuse = (problem: string): never => {
      throw new StageFailure('invalid_config', problem, { facts: { column: column.name } });
    };
    const other = seen.get(name);
    if (other !== undefined)
      refuse(
        `Columns "${other}" and "${column.name}" of ${dataset} have one name in Snowflake, ${name}. Rename one of them.`,
      );
    if (name === LABEL_COLUMN)
      refuse(
        `Column "${column.name}" of ${dataset} has the name that Reefline keeps the timelabel under. Rename it.`,
      );
    if (column.type.kind === 'decimal' && column.type.scale > MOST_SCALE)
      refuse(
        `Column "${column.name}" of ${dataset} is ${describeType(column.type)}, but Snowflake keeps at most ${String(MOST_SCALE)} digits after the point. Cast it at the source.`,
      );
    seen.set(name, column.name);
    return { ...column, name };
  });
}

function createMarkers(): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${quotedTable(MARKERS)} ("DATASET" VARCHAR NOT NULL, "TIMELABEL" VARCHAR(14) NOT NULL, ` +
    '"REVISION" NUMBER(10,0) NOT NULL, "ROWS" NUMBER(19,0) NOT NULL, "APPLIED_AT" TIMESTAMP_LTZ(6) NOT NULL)'
  );
}

/**
 * Markers of a table that somebody dropped are forgotten before the table comes back, because each statement is a transaction
 * of its own: dying between the two leaves nothing to believe in. They stay when another run has made the table meanwhile.
 */
function createTarget(dataset: string, target: TableName, columns: readonly Column[]): readonly string[] {
  const definitions = [...columns.map(definition), LABEL_DEFINITION].join(', ');
  const made =
    `SELECT 1 FROM "INFORMATION_SCHEMA"."TABLES" WHERE "TABLE_SCHEMA" = ${literal(target.schema)} ` +
    `AND "TABLE_NAME" = ${literal(target.table)}`;
  return [
    `DELETE FROM ${quotedTable(MARKERS)} WHERE "DATASET" = ${literal(dataset)} AND NOT EXISTS (${made})`,
    `CREATE TABLE ${quotedTable(target)} (${definitions})`,
  ];
}

function definition(column: Column): string {
  return `${quoted(column.name)} ${snowflakeType(column.type)}`;
}

function refuseRetyped(
  target: TableName,
  held: ReadonlyMap<string, HeldType>,
  columns: readonly Column[],
): void {
  const retyped = columns.flatMap((column) => {
    const type = held.get(column.name);
    if (type === undefined || holds(type, heldType(column.type))) return [];
    return [{ name: column.name, type: typeText(type), arriving: describeType(column.type) }];
  });
  const [first] = retyped;
  if (first === undefined) return;
  const list = retyped
    .map(({ name, type, arriving }) => `"${name}" is ${type} there and ${arriving} in the batch`)
    .join('; ');
  throw new StageFailure(
    'data_error',
    `Snowflake table ${target.schema}.${target.table} cannot hold the batch: ${list}. Reefline never changes a column's type: ` +
      'convert the column in the table or restore its type at the source, then run the label again.',
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
