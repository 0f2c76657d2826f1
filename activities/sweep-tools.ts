import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import type { Finding } from '../pipeline/findings.ts';
import type { ReportEvents } from './report-events.ts';
import type { RunControl } from './run-control.ts';

/** What looking for findings and mending them needs. */
export interface SweepTools {
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  readonly control: RunControl;
  readonly report: ReportEvents;
  /** Called while the work goes on, so that whoever waits for it knows. */
  readonly beat: () => void;
}

/** Where and how far to look. */
export interface Search {
  /** Seconds that something must have been left undone; what is younger is work in progress. */
  readonly age: number;
  /** Where an earlier look ended; absent at the beginning. */
  readonly from: string | undefined;
}

/** What one look found. */
export interface Look {
  readonly findings: readonly Finding[];
  /** Where the round goes on; null when it has come to its end. */
  readonly next: string | null;
  /** Where the next sweep begins; null at the beginning. */
  readonly mark: string | null;
}

/** Most findings of a kind, and most candidates that are looked at one by one, in one look. */
export const MOST = 500;
/** Calls to Temporal that are under way at once. */
export const ABREAST = 20;
