import type { ConnectionKind } from '../pipeline/connection.ts';
import { parseDataset } from '../pipeline/dataset.ts';
import { formatNamed } from '../pipeline/staged-format.ts';
import type { Producer } from './known-datasets.ts';
import type { Problem } from './problem.ts';
import type { ConnectionDraft } from './read-settings.ts';
import type { StageDraft } from './stage-draft.ts';

/** Destinations whose load reads staged CSV files exactly. */
const LOADS_CSV: readonly ConnectionKind[] = ['redshift', 'snowflake', 'postgres'];

/** A stage that reads staged files of a kind that it cannot read exactly. */
export function formatProblems(
  { yaml, path, fields }: StageDraft,
  producers: ReadonlyMap<string, Producer>,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  if (fields?.kind !== 'register' && fields?.kind !== 'load') return [];
  const producer = producers.get(fields.from);
  const extract = producer?.kind === 'stage' ? producer.draft.fields : undefined;
  if (extract?.kind !== 'extract' || formatNamed(extract.format ?? 'parquet').format !== 'csv') return [];
  const to = connections.get(parseDataset(fields.to)?.connection ?? '')?.kind;
  if (fields.kind === 'load' && (to === undefined || LOADS_CSV.includes(to))) return [];
  const reason =
    fields.kind === 'register'
      ? 'tables in Glue read no CSV with line breaks, NULLs and empty strings in it as they were'
      : `a load into ${to ?? 'this connection'} reads Parquet files only`;
  return [
    yaml.problem(
      [...path, fields.kind],
      `${fields.from} is staged as ${extract.format ?? 'parquet'}, but ${reason}`,
      'write format: parquet in the extract, or stage the table once more into another dataset',
    ),
  ];
}
