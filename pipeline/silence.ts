/** What a look at the connection to a database finds. */
export interface ConnectionLook {
  /** A statement was sent whose answer is not complete. */
  readonly waiting: boolean;
  /** Bytes that were received and sent since the connection was made. */
  readonly bytes: number;
  /** The reader has stopped the socket, because it is busy: then it is not the server that keeps silent. */
  readonly paused: boolean;
  /** Bytes that the network has not taken yet: then the server is still being told. */
  readonly unsent: number;
}

/** How many looks in a row have found a server that says nothing although it is listened to. */
export interface Silence {
  readonly looks: number;
  readonly bytes: number;
}

/** The longest silence is over at so many looks. */
export const SILENT_LOOKS = 20;

/** Seconds that a source may keep silent within a statement where the connection does not say so. */
export const USUAL_SILENCE_SECONDS = 1_800;

export const NO_SILENCE: Silence = { looks: 0, bytes: -1 };

/**
 * The silence after one more look. Time counts only between two looks of which the second finds nothing but the waiting: a process
 * that was itself too busy to look has not heard a silence.
 */
export function afterLook(before: Silence, look: ConnectionLook): Silence {
  const silent = look.waiting && !look.paused && look.unsent === 0 && look.bytes === before.bytes;
  return { looks: silent ? before.looks + 1 : 0, bytes: look.bytes };
}

/** What kind of statement it is, `COPY` or `SELECT`, and nothing of what it holds. */
export function statementKind(sql: string | undefined): string {
  return /^\s*([a-z]+)/iu.exec(sql ?? '')?.[1]?.toUpperCase() ?? 'statement';
}

/** Completes "could not …:" for the connection of this name. */
export function describeSilence(connection: string, seconds: number, kind: string): string {
  const what = kind === 'statement' ? 'a statement' : `a ${kind} statement`;
  return (
    `the server sent nothing for ${String(seconds)} seconds within ${what}, while Reefline was reading. ` +
    'Look whether a firewall or a NAT gateway on the way has forgotten the connection. ' +
    `If the server works that long before it answers, raise silenceSeconds of the connection "${connection}".`
  );
}
