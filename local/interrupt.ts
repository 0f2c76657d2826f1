import type { DuckDBConnection } from '@duckdb/node-api';

/** Milliseconds between two interrupts of a statement that does not end. */
const AGAIN = 50;

/**
 * Runs DuckDB statements and interrupts them when the signal aborts. DuckDB forgets an interrupt that comes before its
 * thread has begun the statement, and would then run it to its end; so it is interrupted until the work has ended.
 */
export async function interruptedBy<T>(
  signal: AbortSignal,
  duckdb: DuckDBConnection,
  work: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    duckdb.interrupt();
    timer ??= setInterval(interrupt, AGAIN);
  };
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    signal.removeEventListener('abort', interrupt);
    clearInterval(timer);
  }
}
