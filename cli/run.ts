import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { askForRun } from '../workers/ask-run.ts';

/** What a person may add to a run. */
export interface RunDetails {
  /** Its event starts no dependents. */
  readonly only?: boolean;
  /** Who asks, and why, for the notes of the run. */
  readonly by?: string;
  readonly reason?: string;
}

/**
 * Starts the run of a (stage, label), or tells the one that is there. With `rerun` a new revision opens even though no
 * input changed; without it a label that succeeded with the same inputs is left alone.
 */
export async function startRun(
  client: Client,
  stage: StageDefinition,
  timelabel: Timelabel,
  rerun: boolean,
  details: RunDetails = {},
): Promise<string> {
  const request = { request: rerun ? randomUUID() : null, ...details };
  return askForRun(client, { stage, timelabel, trigger: 'manual', request });
}
