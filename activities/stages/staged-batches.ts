import { createS3Client } from '../../connectors/s3/client.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { parseDataset } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StagedDeletes, StagedManifest } from '../../pipeline/manifest.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { unionColumns } from '../../pipeline/union-columns.ts';
import type { StageRun, StageTools } from './runner.ts';

/** What a load was opened with: at least one batch, all in the same kind of file. */
export interface StagedBatches {
  readonly batches: readonly StagedManifest[];
  /** Of all batches together: one of them may lack some, or have narrower types. */
  readonly columns: readonly Column[];
  /** Keys whose rows the load deletes as the manifest says; undefined when there is nothing to delete. */
  readonly deletes: StagedDeletes | undefined;
}

/** The client of the store that holds the staged files of a dataset; throws StageFailure `invalid_config` when it is not S3. */
export function stageStore(
  from: string,
  tools: Pick<StageTools, 'connection'>,
): ReturnType<typeof createS3Client> {
  const name = parseDataset(from)?.connection ?? from;
  const connection = tools.connection(name);
  if (connection.kind === 's3')
    return createS3Client(connection.region === undefined ? {} : { region: connection.region });
  throw new StageFailure(
    'invalid_config',
    `Only datasets that are staged in S3 can be loaded; ${from} is of kind ${connection.kind}.`,
  );
}

/**
 * Reads the manifests of all labels that the run takes together, between which columns may have been added, removed or widened.
 * `deletes` says what the caller does with deleted keys.
 * @throws StageFailure: `invalid_config` when an input is not staged or its deleted keys cannot be honoured, `data_error`
 * when a column has types of which none holds the values of both, and whatever reading a manifest throws.
 */
export async function readBatches(
  run: StageRun<LoadWork>,
  tools: StageTools,
  { deletes }: { readonly deletes: 'honoured' | 'refused' },
): Promise<StagedBatches> {
  const { from } = run.stage.work;
  const inputs = run.inputs.filter((input) => input.dataset === from);
  if (inputs.length === 0)
    throw new StageFailure(
      'invalid_config',
      `The run of ${run.stage.id} was opened without an input of ${from}.`,
    );
  const client = stageStore(from, tools);
  try {
    const batches: StagedManifest[] = [];
    for (const { uri, timelabel } of inputs) {
      if (uri === null)
        throw new StageFailure(
          'invalid_config',
          `The event of ${from} for label ${timelabel} names no manifest: only staged datasets can be loaded.`,
        );
      batches.push({ uri, manifest: await readManifest(client, uri, tools.signal) });
    }
    const columns = allColumns(batches);
    return { batches, columns, deletes: deletesOf(run.stage, batches, deletes) };
  } finally {
    client.destroy();
  }
}

/** The columns of all batches, of types that hold the values of each. */
function allColumns(batches: readonly StagedManifest[]): readonly Column[] {
  const staged = batches.map(({ manifest }) => manifest.reefline);
  const [first] = staged;
  const otherwise = staged.find(({ format }) => format !== first?.format);
  if (first !== undefined && otherwise !== undefined)
    throw new StageFailure(
      'data_error',
      `The files of ${first.dataset} are ${first.format} at label ${first.timelabel} and ${otherwise.format} at ${otherwise.timelabel}, which one load cannot take together. Fetch the older labels again.`,
      { facts: { dataset: first.dataset } },
    );
  const union = unionColumns(staged.map(({ columns }) => columns));
  if (!('column' in union)) return union;
  const { column, before, after } = union;
  const [old, now] = [describeType(before), describeType(after)];
  const labelOf = (at: number): string => staged[at]?.timelabel ?? '';
  throw new StageFailure(
    'data_error',
    `Column ${first?.dataset ?? ''}.${column} is ${old} at label ${labelOf(union.first)} and ${now} at ${labelOf(union.other)}, and neither type holds the values of both. Fetch the older labels again.`,
    { facts: { dataset: first?.dataset ?? null, column, before: old, after: now } },
  );
}

/** A replaced table holds nothing but the rows of the label, so there is nothing to delete from it. */
function deletesOf(
  { id, work }: StageRun<LoadWork>['stage'],
  batches: readonly StagedManifest[],
  handling: 'honoured' | 'refused',
): StagedDeletes | undefined {
  const [found] = batches.flatMap(({ manifest }) => manifest.reefline.deletes ?? []);
  if (found === undefined || work.mode === 'replace') return undefined;
  const reason = refusal(work, found, batches.length, handling);
  if (reason === undefined) return found.rows === 0 ? undefined : found;
  throw new StageFailure(
    'invalid_config',
    `${work.from} tells which rows are deleted, but ${id} ${reason}.`,
    {
      facts: { dataset: work.from },
    },
  );
}

function refusal(
  { mode, key }: LoadWork,
  { columns }: StagedDeletes,
  labels: number,
  handling: 'honoured' | 'refused',
): string | undefined {
  const staged = columns.map(({ name }) => name);
  if (handling === 'refused')
    return 'loads into a system in which Reefline deletes no rows. Remove detect_deletes from the extract';
  if (mode !== 'merge') return `loads in mode ${mode}. Use mode merge with the key [${staged.join(', ')}]`;
  if (staged.toSorted().join() !== key.toSorted().join())
    return `merges on the key [${key.join(', ')}]. Use the key of the extract, [${staged.join(', ')}]`;
  // Which of two labels has the last word on a key cannot be told once their rows lie together.
  return labels === 1
    ? undefined
    : `takes ${String(labels)} labels together. Give it the period of the extract and the window same`;
}
