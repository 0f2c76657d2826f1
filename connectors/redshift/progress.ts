import type { Watch } from './statement.ts';

/** What a heartbeat carries, so that the next attempt finds the statement of this one. JSON only. */
export interface Resume {
  /** Statement that was submitted, once the service has named it. */
  readonly id?: string;
  /** How many submissions of this run are known to have failed. */
  readonly failed: number;
}

/** What a run knows about its statement, and how it tells the next attempt. */
export interface Progress {
  readonly current: () => Resume;
  readonly keep: (resume: Resume) => void;
}

/** What Temporal, or whoever runs the work, offers to one attempt. */
export interface Attempt {
  readonly lastHeartbeat: unknown;
  heartbeat(details: unknown): void;
  readonly signal: AbortSignal;
}

/**
 * Starts from the details of the previous attempt's last heartbeat. Every heartbeat repeats what is known, because a
 * heartbeat replaces the details of the one before.
 */
export function trackProgress(attempt: Attempt): { progress: Progress; watch: Watch } {
  let resume = readResume(attempt.lastHeartbeat);
  const beat = (): void => {
    attempt.heartbeat(resume);
  };
  const keep = (next: Resume): void => {
    resume = next;
    beat();
  };
  return { progress: { current: () => resume, keep }, watch: { beat, signal: attempt.signal } };
}

/** Whatever else is found in the details means that nothing is known. */
function readResume(details: unknown): Resume {
  if (typeof details !== 'object' || details === null) return { failed: 0 };
  const id = 'id' in details && typeof details.id === 'string' ? details.id : undefined;
  const failed = 'failed' in details && typeof details.failed === 'number' ? details.failed : 0;
  return id === undefined ? { failed } : { id, failed };
}
