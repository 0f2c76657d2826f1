import { cronPeriod } from '../pipeline/cron.ts';
import { parseDeleteLimit } from '../pipeline/delete-limit.ts';
import type { ExtractWork, PublishWork, StageDefinition, StageWork } from '../pipeline/stage.ts';
import { formatNamed, type FormatName } from '../pipeline/staged-format.ts';
import { checkWork } from './check-assertions.ts';
import { joinOf } from './join-rules.ts';
import type { Producer } from './known-datasets.ts';
import { scheduleOf, type StageDraft, type StageFields } from './stage-draft.ts';
import type { Timing } from './stage-periods.ts';
import { projectPath } from './project-file.ts';
import { parseTimeout } from './timeout.ts';
import type { StageSelect } from './stage-selects.ts';

const DEFAULT_TIMEOUT_SECONDS = 3600;
const DEFAULT_ATTEMPTS = 5;

/** The complete definition of a stage whose fields, inputs and periods are settled. */
export function stageDefinition(
  draft: StageDraft,
  fields: StageFields,
  timing: Timing,
  selects: readonly StageSelect[],
  producers: ReadonlyMap<string, Producer>,
): StageDefinition {
  return {
    id: draft.id,
    pipeline: draft.pipeline,
    name: draft.name,
    output: fields.to,
    period: timing.period,
    ...clockOf(fields),
    inputs: timing.inputs,
    ...joinOf(fields),
    work: workOf(fields, selects, producers),
    timeoutSeconds: parseTimeout(fields.timeout ?? '') ?? DEFAULT_TIMEOUT_SECONDS,
    maxAttempts: fields.attempts ?? DEFAULT_ATTEMPTS,
  };
}

function workOf(
  fields: StageFields,
  selects: readonly StageSelect[],
  producers: ReadonlyMap<string, Producer>,
): StageWork {
  switch (fields.kind) {
    case 'extract': {
      const { from, mode, cursor, key, columns, exclude, parallel } = fields;
      const maxDeleted = parseDeleteLimit(fields.max_deleted ?? '');
      return {
        kind: 'extract',
        from,
        mode,
        ...(cursor === undefined ? {} : { cursor }),
        ...(key === undefined ? {} : { key }),
        ...(fields.detect_deletes === true ? { detectDeletes: true } : {}),
        ...(maxDeleted === undefined ? {} : { maxDeleted }),
        ...(columns === undefined ? {} : { columns }),
        ...(exclude === undefined ? {} : { exclude }),
        ...(fields.zero_dates === 'as_null' ? { zeroDates: 'as_null' } : {}),
        ...(parallel === undefined ? {} : { parallel }),
        ...stagedFormat(fields.format ?? 'parquet'),
      };
    }
    case 'register':
      return { kind: 'register', from: fields.from };
    case 'load':
      return { kind: 'load', from: fields.from, mode: fields.mode, key: fields.key ?? [] };
    case 'transform':
      return {
        kind: 'transform',
        sql: selects[0]?.sql ?? '',
        file: selects[0]?.file ?? fields.transform,
        mode: fields.mode,
        key: fields.key ?? [],
      };
    case 'publish':
      return publishWork(fields, producers);
    case 'check':
      return checkWork(fields, selects);
    case 'custom':
      return { kind: 'custom', module: projectPath(fields.custom), options: fields.with ?? {} };
  }
}

function publishWork(
  fields: Extract<StageFields, { kind: 'publish' }>,
  producers: ReadonlyMap<string, Producer>,
): PublishWork {
  const maxDeleted = parseDeleteLimit(fields.max_deleted ?? '');
  return {
    kind: 'publish',
    from: fields.from,
    key: fields.key,
    rows: publishedRows(producers.get(fields.from)),
    ...(fields.mode === 'replace' ? { mode: 'replace' } : {}),
    ...(fields.deletes === 'propagate' ? { deletes: 'propagate' } : {}),
    ...(maxDeleted === undefined ? {} : { maxDeleted }),
    ...(fields.fields === undefined ? {} : { fields: fields.fields }),
    ...(fields.max_failed_rows === undefined ? {} : { maxFailedRows: fields.max_failed_rows }),
  };
}

/** What a stage that names no format has is left out, so that the definitions of older projects stay as they are. */
function stagedFormat(name: FormatName): Pick<ExtractWork, 'format' | 'compression'> {
  const { format, compression } = formatNamed(name);
  return name === 'parquet' ? { format } : { format, compression };
}

/** A replaced table, or one that Reefline does not write itself, has no column that says which label wrote a row. */
function publishedRows(producer: Producer | undefined): 'label' | 'all' {
  if (producer?.kind !== 'stage') return 'all';
  const { fields } = producer.draft;
  const unlabelled =
    fields?.kind === 'custom' || (fields !== undefined && 'mode' in fields && fields.mode === 'replace');
  return unlabelled ? 'all' : 'label';
}

/** The zone stands in the definition only where the clock needs it; see `cronPeriod`. */
function clockOf(fields: StageFields): Pick<StageDefinition, 'schedule'> {
  const schedule = scheduleOf(fields);
  if (schedule === undefined) return {};
  const { cron, from, until } = schedule;
  const read = cronPeriod(cron, fields.timezone);
  const zone = 'zone' in read ? read.zone : undefined;
  return {
    schedule: {
      cron,
      ...(zone === undefined ? {} : { zone }),
      ...(from === undefined ? {} : { from }),
      ...(until === undefined ? {} : { until }),
    },
  };
}
