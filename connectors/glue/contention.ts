import { setTimeout as sleep } from 'node:timers/promises';
import { StageFailure } from '../../pipeline/failure.ts';
import { isFailure, toFailure } from './failure.ts';

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 50;

/**
 * Reads, decides and writes again from the start when another writer was faster (`conflict`) or removed what was just
 * read (`not_found`). After six tries, about 1.5 s, it reports `conflict`, because somebody keeps changing the object, or
 * the `not_found` that stayed.
 */
export async function withoutContention<T>(
  object: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isFailure(error, 'conflict') && !isFailure(error, 'not_found')) throw error;
      if (attempt === ATTEMPTS && isFailure(error, 'not_found')) throw error;
      if (attempt === ATTEMPTS) {
        throw new StageFailure(
          'conflict',
          `Glue's ${object} was changed by another writer at each of ${String(ATTEMPTS)} tries. ` +
            'See which job or crawler changes it.',
          { cause: error },
        );
      }
      await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1), signal, object);
    }
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined, object: string): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw toFailure(error, `wait for another writer of ${object}`);
  }
}
