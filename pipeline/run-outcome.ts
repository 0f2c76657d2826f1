import type { EventError } from './data-event.ts';
import type { Outcome } from './outcome.ts';
import type { StageDefinition } from './stage.ts';

/** How a run came out, from how it opened and how it ended. `rows` of a run that cannot tell is null. */
export function runOutcome(
  stage: StageDefinition,
  opened: { readonly outcome: Outcome | null; readonly late: boolean },
  ended: { readonly rows: number | null; readonly error: EventError | null },
): Outcome {
  if (ended.error !== null) return isQuarantine(stage, ended.error) ? 'QUARANTINED' : 'FAILURE';
  if (opened.outcome === 'PARTIAL') return 'PARTIAL';
  if (opened.late) return 'RECOVERED';
  return ended.rows === 0 ? 'EMPTY' : 'SUCCESS';
}

/** A blocking check that could not look, because of a wrong statement or a lost connection, has found nothing. */
function isQuarantine(stage: StageDefinition, error: EventError): boolean {
  return stage.work.kind === 'check' && stage.work.blocking && error.facts['violated'] != null;
}
