import { SalesforceFault } from './fault.ts';

export interface AllocationOptions {
  readonly requests: number;
  readonly batches: number;
}

const BATCH_ROWS = 10_000;

/** What the org may use up in 24 hours; this one never gets it back. */
export class Allocation {
  #most: AllocationOptions;
  #requests = 0;
  #batches = 0;

  constructor(most: AllocationOptions = { requests: 15_000, batches: 15_000 }) {
    this.#most = most;
  }

  /** Changes how much there is in all. */
  allow(most: Partial<AllocationOptions>): void {
    this.#most = { ...this.#most, ...most };
  }

  /** What has been used of it so far. */
  used(): AllocationOptions {
    return { requests: this.#requests, batches: this.#batches };
  }

  spendRequest(): void {
    if (this.#requests >= this.#most.requests)
      throw new SalesforceFault(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    this.#requests += 1;
  }

  spendBatches(rows: number): boolean {
    const batches = Math.ceil(rows / BATCH_ROWS);
    if (this.#batches + batches > this.#most.batches) return false;
    this.#batches += batches;
    return true;
  }

  /** The header `Sforce-Limit-Info` of every answer. */
  header(): string {
    return `api-usage=${String(this.#requests)}/${String(this.#most.requests)}`;
  }

  limits(): object {
    const { requests, batches } = this.#most;
    return {
      DailyApiRequests: { Max: requests, Remaining: requests - this.#requests },
      DailyBulkApiBatches: { Max: batches, Remaining: batches - this.#batches },
    };
  }
}
