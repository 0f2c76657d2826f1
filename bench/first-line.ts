/** What a worker of the bench tells its driver when a stage (or the bare activity) reaches its first line. */
export interface FirstLine {
  readonly key: string;
  /** Milliseconds of the machine's monotonic clock, which all processes share, when the activity was entered. */
  readonly entered: number;
  /** The same clock when the stage's own code began: for the bare activity the same moment. */
  readonly began: number;
}

/** The machine's monotonic clock in milliseconds. Comparable between processes, unlike performance.now(). */
export function clock(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

export function tellDriver(line: FirstLine): void {
  process.send?.(line);
}

/** Ends when the driver ends or asks for it, however it ended. */
export function untilDriverLeaves(): AbortSignal {
  const controller = new AbortController();
  process.once('disconnect', () => {
    controller.abort();
  });
  return controller.signal;
}
