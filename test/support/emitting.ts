import { EmitFailure, type OutgoingDataEvent } from '../../client/index.ts';

/** The fares of the day so many days after the start of 2000. */
export function fares(at: number, extra: Partial<OutgoingDataEvent> = {}): OutgoingDataEvent {
  const day = new Date(Date.UTC(2000, 0, 1 + at)).toISOString().slice(0, 10).replaceAll('-', '');
  return {
    event_type: 'data',
    type: 'redshift',
    schema: 'partners',
    table: 'fares',
    timelabel: `${day}000000`,
    status: 'SUCCESS',
    ...extra,
  };
}

/** The fares of the first so many days. */
export const days = (count: number): OutgoingDataEvent[] =>
  Array.from({ length: count }, (_, at) => fares(at));

/** What an emit failed with. */
export async function failureOf(emitting: Promise<unknown>): Promise<EmitFailure> {
  const error: unknown = await emitting.catch((thrown: unknown) => thrown);
  if (!(error instanceof EmitFailure)) throw new Error(`It is no EmitFailure: ${String(error)}`);
  return error;
}
