import { type Column, PLAIN_KINDS } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StageOutput } from './runner.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * What the module of a custom stage returned, complete, and with nothing in it that an event does not have.
 * @throws StageFailure `invalid_config` that names the module and the first wrong member.
 */
export function checkCustomOutput(value: unknown, module: string): StageOutput {
  const refuse = (what: string): never => {
    throw new StageFailure(
      'invalid_config',
      `The module ${module} returned ${what}. Return { rows, bytes, uri, columns }: rows is a whole number, the others may be left out.`,
      { facts: { module } },
    );
  };
  if (!isMembers(value)) return refuse('no object');
  const { rows, bytes = null, uri = null, columns = null } = value;
  if (!isCount(rows)) return refuse('rows that are no whole number from 0');
  if (bytes !== null && !isCount(bytes)) return refuse('bytes that are no whole number from 0');
  if (uri !== null && typeof uri !== 'string') return refuse('a uri that is no text');
  if (columns === null) return { rows, bytes, uri, columns };
  if (!Array.isArray(columns)) return refuse('columns that are no list');
  return {
    rows,
    bytes,
    uri,
    columns: columns.map(
      (column: unknown, at) => columnOf(column) ?? refuse(`columns[${String(at)}] that is no column`),
    ),
  };
}

function columnOf(value: unknown): Column | undefined {
  if (!isMembers(value) || !isMembers(value['type'])) return undefined;
  const { name, nullable, type } = value;
  if (typeof name !== 'string' || name === '' || typeof nullable !== 'boolean') return undefined;
  const { kind, precision, scale, zoned } = type;
  if (kind === 'decimal') {
    if (!isCount(precision) || !isCount(scale) || precision < 1 || precision > 38 || scale > precision)
      return undefined;
    return { name, nullable, type: { kind, precision, scale } };
  }
  if (kind === 'timestamp')
    return typeof zoned === 'boolean' ? { name, nullable, type: { kind, zoned } } : undefined;
  const plain = PLAIN_KINDS.find((candidate) => candidate === kind);
  return plain === undefined ? undefined : { name, nullable, type: { kind: plain } };
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
