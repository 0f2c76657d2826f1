/** How a caller follows what it waits for. */
export interface Watch {
  /** Called at least every few seconds while a query runs. */
  readonly beat: () => void;
  readonly signal: AbortSignal;
}

/** What a heartbeat carries, so that the next attempt finds the query of this one. JSON only. */
export interface Resume {
  /** Query that was submitted, once the service has named it. */
  readonly id?: string;
  /** How many submissions of this run are known to have failed. */
  readonly failed: number;
}

/** What a run knows about its query, and how it tells the next attempt. */
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

/** Starts from the last heartbeat of the previous attempt. Each heartbeat repeats what is known, for it replaces the one before. */
export function trackProgress(attempt: Attempt): { readonly progress: Progress; readonly watch: Watch } {
  let resume = readResume(attempt.lastHeartbeat);
  const beat = (): void => {
    attempt.heartbeat(resume);
  };
  return {
    progress: {
      current: () => resume,
      keep: (next) => {
        resume = next;
        beat();
      },
    },
    watch: { beat, signal: attempt.signal },
  };
}

/** Whatever else is found in the details means that nothing is known. */
function readResume(details: unknown): Resume {
  if (typeof details !== 'object' || details === null) return { failed: 0 };
  const failed = 'failed' in details && typeof details.failed === 'number' ? details.failed : 0;
  return 'id' in details && typeof details.id === 'string' ? { id: details.id, failed } : { failed };
}
