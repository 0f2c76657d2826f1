import type { EventError } from '../pipeline/data-event.ts';

/** What to do about a failure of each class; the classes are those of docs/architecture.md, "Failures". */
const CURES: Readonly<Record<string, string>> = {
  throttled:
    'The system turned too many requests away, also after the retries. Lower the concurrency of the connection, then run it again',
  unavailable: 'The system did not answer, also after the retries. When it is back, run it again',
  timeout:
    'It took longer than the stage allows. Raise the timeout of the stage or find out what is slow, then run it again',
  conflict: 'Somebody else held what it needs, also after the retries. Run it again',
  rejected:
    'The system refused the request, or the run was cancelled. Correct what it names, then run it again',
  not_found: 'Create what is missing or correct its name, then run it again',
  unauthorized: 'Permit what it names to the role of the workers, then run it again',
  invalid_config: 'Correct the configuration or the environment of the workers, then run it again',
  data_error: 'Correct the rows at the source or the definition of the stage, then run it again',
};

/** What to do about an error, and the command for it. */
export function cureOf(error: EventError, stage: string, timelabel: string): string {
  const cure =
    CURES[error.class] ??
    'Look into the history of the run in Temporal, correct what failed, then run it again';
  return `${cure}: reefline run ${stage} ${timelabel}`;
}
