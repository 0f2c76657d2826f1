/** What a heartbeat carries, so that the next attempt finds the query of this one. JSON only. */
export interface Resume {
  /** The query that was submitted, once the service has named it. */
  readonly id?: string;
  /** How many submissions of this run are known to have failed; each has a token and a folder of its own. */
  readonly failed: number;
}

/** How a caller follows a query. */
export interface Watch {
  /** Called at least every few seconds while a query runs. */
  readonly beat: () => void;
  readonly signal: AbortSignal;
}

/** What a run knows about its query, and how it tells the next attempt. */
export interface Progress {
  readonly current: () => Resume;
  readonly keep: (resume: Resume) => void;
}

/** What Temporal, or whoever runs the work, offers to one attempt. */
interface Attempt {
  readonly lastHeartbeat: unknown;
  heartbeat(details: unknown): void;
  readonly signal: AbortSignal;
}

/**
 * Starts from the details of the previous attempt's last heartbeat. Every heartbeat repeats what is known, because a
 * heartbeat replaces the details of the one before.
 */
export function trackQuery(attempt: Attempt): { progress: Progress; watch: Watch } {
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
