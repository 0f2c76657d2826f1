import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import { afterLook, NO_SILENCE, SILENT_LOOKS, statementKind } from '../../pipeline/silence.ts';

/** A statement that runs: as a text, as one that is being prepared, or as one that was. */
interface Command {
  readonly sql?: string;
  readonly query?: string;
  readonly statement?: { readonly query?: string };
}

/** What mysql2 keeps of a connection and its type declarations leave out. */
interface Wired {
  readonly stream: Socket;
  readonly _command: Command | null | undefined;
}

/**
 * Calls `silent` with the kind of the statement when the server has sent nothing for so long within one, although it was listened
 * to: not every way that is cut tells the socket so. Answers how to end the watch.
 */
export function watchSilence(
  connection: Connection,
  seconds: number,
  silent: (kind: string) => void,
): () => void {
  const { stream } = connection as unknown as Wired;
  let silence = NO_SILENCE;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const { _command: command } = connection as unknown as Wired;
    silence = afterLook(silence, {
      waiting: command !== null && command !== undefined,
      bytes: stream.bytesRead + stream.bytesWritten,
      paused: stream.isPaused(),
      unsent: stream.writableLength,
    });
    if (silence.looks < SILENT_LOOKS) plan();
    else silent(statementKind(command?.sql ?? command?.query ?? command?.statement?.query));
  };
  const plan = (): void => {
    timer = setTimeout(look, (seconds * 1_000) / SILENT_LOOKS);
  };
  plan();
  return () => {
    clearTimeout(timer);
  };
}
