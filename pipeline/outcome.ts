import type { DataStatus } from './stage.ts';

/**
 * How a label came out, finer than the documented `status`. Permanent names: they are in events and in the catalog.
 *
 * | outcome       | status    | says                                                                       |
 * | ------------- | --------- | -------------------------------------------------------------------------- |
 * | `SUCCESS`     | `SUCCESS` | the label is there                                                         |
 * | `EMPTY`       | `SUCCESS` | the label is there and has no rows                                         |
 * | `PARTIAL`     | `SUCCESS` | its deadline passed, and it was made of the inputs that were there         |
 * | `RECOVERED`   | `SUCCESS` | it was late, missing or failed at its deadline, and now it is there        |
 * | `RELEASED`    | `SUCCESS` | a check had quarantined it, and a person released it                       |
 * | `FAILURE`     | `FAILURE` | the run failed                                                             |
 * | `MISSING`     | `FAILURE` | its deadline passed without its inputs                                     |
 * | `QUARANTINED` | `FAILURE` | a blocking check found a violation                                         |
 * | `REJECTED`    | `FAILURE` | a person rejected what a check had quarantined                             |
 * | `LATE`        | `FAILURE` | its deadline passed; it still waits                                        |
 * | `SKIPPED`     | `FAILURE` | a person decided that it is not made                                       |
 * | `HELD`        | `FAILURE` | the limit of restated labels holds it until a person releases it           |
 */
export const OUTCOMES = [
  'SUCCESS',
  'EMPTY',
  'PARTIAL',
  'RECOVERED',
  'RELEASED',
  'FAILURE',
  'MISSING',
  'QUARANTINED',
  'REJECTED',
  'LATE',
  'SKIPPED',
  'HELD',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The documented status of each outcome: whoever looks at nothing else never starts from data that is not there. */
const STATUS: Readonly<Record<Outcome, DataStatus>> = {
  SUCCESS: 'SUCCESS',
  EMPTY: 'SUCCESS',
  PARTIAL: 'SUCCESS',
  RECOVERED: 'SUCCESS',
  RELEASED: 'SUCCESS',
  FAILURE: 'FAILURE',
  MISSING: 'FAILURE',
  QUARANTINED: 'FAILURE',
  REJECTED: 'FAILURE',
  LATE: 'FAILURE',
  SKIPPED: 'FAILURE',
  HELD: 'FAILURE',
};

export function statusOf(outcome: Outcome): DataStatus {
  return STATUS[outcome];
}

/** True when a rule or a person decided the outcome and no system failed: then the class of its error says nothing. */
export function isDecided(outcome: string | null): boolean {
  return OUTCOMES.some((known) => known === outcome && known !== 'FAILURE' && STATUS[known] === 'FAILURE');
}

/** What `on:` of an input may name: a single outcome, or `SUCCESS` and `FAILURE` for the groups below. */
export const SELECTORS = [
  'SUCCESS',
  'EMPTY',
  'PARTIAL',
  'RECOVERED',
  'FAILURE',
  'MISSING',
  'QUARANTINED',
  'REJECTED',
  'LATE',
  'SKIPPED',
] as const satisfies readonly Outcome[];
export type Selector = (typeof SELECTORS)[number];

/** All that is there counts as a success; a label that is late or was skipped on purpose is no failure. */
const SELECTED: Readonly<Partial<Record<Outcome, readonly Outcome[]>>> = {
  SUCCESS: ['SUCCESS', 'EMPTY', 'PARTIAL', 'RECOVERED', 'RELEASED'],
  FAILURE: ['FAILURE', 'MISSING', 'QUARANTINED', 'REJECTED'],
};

/** The outcomes that an input or an endpoint with these selectors takes, each once. */
export function selectedOutcomes(on: readonly Outcome[]): readonly Outcome[] {
  return [...new Set(on.flatMap((selector) => SELECTED[selector] ?? [selector]))];
}
