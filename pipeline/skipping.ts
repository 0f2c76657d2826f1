import { completeness, type InputState } from './completeness.ts';
import { vectorOf, type InputRevision } from './input-vector.ts';
import type { LedgerState } from './opening.ts';
import type { StageDefinition } from './stage.ts';
import { intervalOf, type Timelabel } from './timelabel.ts';

/** Why a label is not skipped. `skipped`: it is already, for the same inputs. */
export type NotSkipped =
  'running' | 'done' | 'judged by its check' | 'skipped' | 'its interval has not ended';

export type SkipDecision =
  | {
      readonly kind: 'skip';
      readonly revision: number;
      /** What is there and is not taken: any change of it opens the label again. */
      readonly vector: string;
      readonly inputs: readonly InputRevision[];
      /** True when a run of the label waits, whose row the skip takes over. */
      readonly waits: boolean;
    }
  | { readonly kind: 'left'; readonly revision: number; readonly because: NotSkipped };

/**
 * Decides what becomes of a label that a person does not want made from the inputs that are there now, complete or not.
 * A function of the state only, so skipping twice is skipping once.
 */
export function decideSkip(
  stage: StageDefinition,
  timelabel: Timelabel,
  inputs: readonly InputState[],
  ledger: LedgerState,
  now: number,
): SkipDecision {
  const { latest } = ledger;
  const { have, expected } = completeness(stage, timelabel, inputs, false);
  const vector = vectorOf(have, have.length < expected);
  const left = (because: NotSkipped): SkipDecision => ({
    kind: 'left',
    revision: latest?.revision ?? 0,
    because,
  });
  // Its own tick would make the label all the same.
  if (stage.inputs.length === 0 && intervalOf(stage.period, timelabel).end > now)
    return left('its interval has not ended');
  if (latest?.status === 'RUNNING') return left('running');
  const isSame = latest?.vector === vector;
  if (latest?.status === 'SUCCESS' && isSame) return left('done');
  if (latest?.status === 'SKIPPED' && isSame) return left('skipped');
  const isJudged = latest?.outcome === 'QUARANTINED' || latest?.outcome === 'REJECTED';
  if (isJudged && isSame) return left('judged by its check');
  const waits = latest?.status === 'WAITING';
  const reserved = waits && latest.revision === ledger.highestRevision;
  const revision = reserved ? latest.revision : ledger.highestRevision + 1;
  return { kind: 'skip', revision, vector, inputs: have, waits };
}
