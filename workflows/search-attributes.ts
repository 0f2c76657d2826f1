import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';

const PIPELINE = defineSearchAttributeKey('Pipeline', 'KEYWORD');
const STAGE = defineSearchAttributeKey('Stage', 'KEYWORD');
const DATASET = defineSearchAttributeKey('Dataset', 'KEYWORD');
const TIMELABEL = defineSearchAttributeKey('Timelabel', 'KEYWORD');
const TRIGGER = defineSearchAttributeKey('Trigger', 'KEYWORD');

/** Set when a run starts, so that no later event is spent on them. */
export function runSearchAttributes(run: {
  readonly pipeline: string;
  readonly stage: string;
  readonly dataset: string;
  readonly timelabel: string;
  readonly trigger: string;
}): SearchAttributePair[] {
  return [
    { key: PIPELINE, value: run.pipeline },
    { key: STAGE, value: run.stage },
    { key: DATASET, value: run.dataset },
    { key: TIMELABEL, value: run.timelabel },
    { key: TRIGGER, value: run.trigger },
  ];
}
