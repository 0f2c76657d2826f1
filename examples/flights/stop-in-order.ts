/** Remembers how to end what was just started. */
export type Later = (end: () => Promise<unknown>) => void;

/** Starts several parts. `stop` ends them, the last one first; a start that fails half-way ends what it had started. */
export async function startParts<T>(
  start: (later: Later) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start((end) => undo.push(end))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
