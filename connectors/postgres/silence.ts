import type { Socket } from 'node:net';
import type pg from 'pg';
import { afterLook, NO_SILENCE, SILENT_LOOKS, statementKind } from '../../pipeline/silence.ts';

interface Statement {
  readonly text?: string;
  /** Of a COPY from this process, which is a stream: whether rows may follow, and how many bytes the server has not taken. */
  readonly writable?: boolean;
  readonly writableLength?: number;
}

/** What pg keeps of a connection and its type declarations leave out. */
interface Wired {
  readonly connection: { readonly stream: Socket };
  readonly readyForQuery: boolean;
  readonly _connected: boolean;
  readonly _activeQuery: Statement | null;
  readonly _queryQueue: readonly Statement[];
}

/**
 * Calls `silent` with the kind of the statement when the server has sent nothing for so long within one, although it was listened
 * to: not every way that is cut tells the socket so. Answers how to end the watch.
 */
export function watchSilence(client: pg.Client, seconds: number, silent: (kind: string) => void): () => void {
  const wired = client as unknown as Wired;
  let silence = NO_SILENCE;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    // It is another one once the connection is encrypted.
    const { stream } = wired.connection;
    silence = afterLook(silence, {
      waiting: wired._connected && !wired.readyForQuery && !awaitsRows(wired._activeQuery),
      bytes: stream.bytesRead + stream.bytesWritten,
      paused: stream.isPaused(),
      unsent: stream.writableLength,
    });
    if (silence.looks < SILENT_LOOKS) plan();
    else silent(statementKind((wired._activeQuery ?? wired._queryQueue[0])?.text));
  };
  const plan = (): void => {
    timer = setTimeout(look, (seconds * 1_000) / SILENT_LOOKS);
  };
  plan();
  return () => {
    clearTimeout(timer);
  };
}

/** It is the server that waits: the next rows are still being made. */
function awaitsRows(statement: Statement | null): boolean {
  return statement?.writable === true && statement.writableLength === 0;
}
