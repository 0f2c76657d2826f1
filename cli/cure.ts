import type { EventError } from '../pipeline/data-event.ts';
import { isDecided } from '../pipeline/outcome.ts';

/** What to do, as the beginning of a sentence that ends with the command. */
export interface Cure {
  readonly what: string;
  readonly command: string;
}

/** A label that did not come out well. */
export interface Mishap {
  readonly stage: string;
  readonly timelabel: string;
  /** Finer than the status; null when nothing finer is known. */
  readonly outcome: string | null;
  readonly error: EventError;
}

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

/** What to do about a label. What was decided about it counts first; only a failure has a class that says more. */
export function cureOf({ stage, timelabel, outcome, error }: Mishap): Cure {
  const label = `${stage} ${timelabel}`;
  switch (outcome) {
    case 'SKIPPED':
      return {
        what: 'It is not made, as was decided. To make it after all',
        command: `reefline run ${label}`,
      };
    case 'MISSING':
      return {
        what: 'Its deadline passed; it runs when its inputs come after all. To see what it lacks',
        command: `reefline why ${label}`,
      };
    case 'LATE':
      return {
        what: 'It is late and waits on. To see what it lacks',
        command: `reefline why ${label}`,
      };
    case 'HELD':
      return {
        what: 'The limit of restated labels holds it. To let it run',
        command: `reefline release ${label} --reason "…"`,
      };
    case 'QUARANTINED':
      return {
        what: 'Its dependents hold until the data passes or a person decides. To see what the check found and how to decide',
        command: `reefline why ${label}`,
      };
    case 'REJECTED':
      return {
        what: 'Its dependents hold until newer data passes the check. When the data is repaired, run the check again',
        command: `reefline run ${label}`,
      };
    default:
      return {
        what:
          CURES[error.class] ??
          'Look into the history of the run in Temporal, correct what failed, then run it again',
        command: `reefline run ${label}`,
      };
  }
}

/** The cure on one line. */
export function cureText(mishap: Mishap): string {
  const { what, command } = cureOf(mishap);
  return `${what}: ${command}`;
}

/** The message of an error, after its class when a system failed and nobody decided. */
export function mishapText(outcome: string | null, error: EventError): string {
  return isDecided(outcome) ? error.message : `${error.class}: ${error.message}`;
}
