/** What a heartbeat carries: the job of each chunk by the chunk's digest. JSON only. */
interface Details {
  readonly salesforceJobs: readonly (readonly [digest: string, job: string])[];
}

/** What Temporal offers to one attempt. */
export interface Attempt {
  readonly lastHeartbeat: unknown;
  heartbeat(details: unknown): void;
  readonly signal: AbortSignal;
}

/** Which job each chunk was sent with, by this attempt and the ones before; every heartbeat repeats it. */
export class JobLog {
  readonly signal: AbortSignal;
  readonly #attempt: Attempt;
  readonly #jobs: Map<string, string>;

  constructor(attempt: Attempt) {
    this.signal = attempt.signal;
    this.#attempt = attempt;
    this.#jobs = new Map(readDetails(attempt.lastHeartbeat));
  }

  readonly beat = (): void => {
    const details: Details = { salesforceJobs: [...this.#jobs] };
    this.#attempt.heartbeat(details);
  };

  jobOf(digest: string): string | undefined {
    return this.#jobs.get(digest);
  }

  /** Jobs of chunks that are not among these. */
  othersThan(digests: readonly string[]): readonly (readonly [digest: string, job: string])[] {
    return [...this.#jobs].filter(([digest]) => !digests.includes(digest));
  }

  keep(digest: string, job: string): void {
    this.#jobs.set(digest, job);
    this.beat();
  }

  forget(digest: string): void {
    this.#jobs.delete(digest);
    this.beat();
  }
}

/** Whatever else is found in the details means that nothing is known. */
function readDetails(details: unknown): readonly (readonly [string, string])[] {
  if (typeof details !== 'object' || details === null || !('salesforceJobs' in details)) return [];
  const { salesforceJobs } = details;
  if (!Array.isArray(salesforceJobs)) return [];
  return salesforceJobs.flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return [];
    const [digest, job] = entry as unknown[];
    return typeof digest === 'string' && typeof job === 'string' ? [[digest, job] as const] : [];
  });
}
