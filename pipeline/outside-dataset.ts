import type { Period } from './period.ts';
import type { EventType } from './stage.ts';

/** A dataset that a service outside of Reefline produces; the service signals its events. */
export interface OutsideDataset {
  readonly dataset: string;
  readonly period: Period;
  readonly type: EventType;
}
