import {
  defineSearchAttributeKey,
  type SearchAttributePair,
  type TypedSearchAttributes,
} from '@temporalio/common';

const PIPELINE = defineSearchAttributeKey('Pipeline', 'KEYWORD');
const STAGE = defineSearchAttributeKey('Stage', 'KEYWORD');
const DATASET = defineSearchAttributeKey('Dataset', 'KEYWORD');
const TIMELABEL = defineSearchAttributeKey('Timelabel', 'KEYWORD');
const TRIGGER = defineSearchAttributeKey('Trigger', 'KEYWORD');
const REVISION = defineSearchAttributeKey('Revision', 'INT');

/** Set when a run starts, so that no later event is spent on them. */
export function runSearchAttributes(run: {
  readonly pipeline: string;
  readonly stage: string;
  readonly dataset: string;
  readonly timelabel: string;
  readonly trigger: string;
  readonly revision: number | null;
}): SearchAttributePair[] {
  return [
    { key: PIPELINE, value: run.pipeline },
    { key: STAGE, value: run.stage },
    { key: DATASET, value: run.dataset },
    { key: TIMELABEL, value: run.timelabel },
    { key: TRIGGER, value: run.trigger },
    ...(run.revision === null ? [] : [{ key: REVISION, value: run.revision }]),
  ];
}

/** Set when a backfill starts. `target` is a pipeline or a stage. */
export function backfillSearchAttributes(target: string): SearchAttributePair[] {
  const [pipeline = '', stage] = target.split('.');
  return [
    { key: PIPELINE, value: pipeline },
    ...(stage === undefined ? [] : [{ key: STAGE, value: target }]),
    { key: TRIGGER, value: 'backfill' },
  ];
}

/** What a run that opens a revision still has to set: all that whoever started it by hand left out, and the revision. */
export function missingSearchAttributes(
  present: TypedSearchAttributes,
  run: {
    readonly stage: string;
    readonly timelabel: string;
    readonly trigger: string;
    readonly revision: number;
  },
): SearchAttributePair[] {
  const wanted = [
    { key: PIPELINE, value: run.stage.split('.')[0] ?? '' },
    { key: STAGE, value: run.stage },
    { key: TIMELABEL, value: run.timelabel },
    { key: TRIGGER, value: run.trigger },
  ];
  const missing: SearchAttributePair[] = wanted.filter(({ key }) => present.get(key) === undefined);
  return present.get(REVISION) === run.revision
    ? missing
    : [...missing, { key: REVISION, value: run.revision }];
}
