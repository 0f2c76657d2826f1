import { StageFailure } from '../../pipeline/failure.ts';
import { Wire, type Answer, type Plan } from './faults/wire.ts';

/** What one attempt is given by whoever runs it. */
export interface AttemptTools {
  /** 1 for the first, then 2, 3 … */
  readonly attempt: number;
  readonly heartbeat: (details: unknown) => void;
  readonly lastHeartbeat: unknown;
  readonly signal: AbortSignal;
}

/** What is special about a place. */
export interface PlaceTraits {
  /** Words that differ from place to place; they are taken out of results and states before those are compared. */
  readonly words: readonly string[];
  /** Names of requests that only look whether something has ended: however often one is repeated, it is one step. */
  readonly looks?: RegExp;
  /** Names of requests that end a session as a courtesy, on which nothing depends. They are no steps. */
  readonly farewells?: RegExp;
  /** Milliseconds that each time-out of a hurried attempt leaves to what it waits for; none when absent. */
  readonly shortestTimer?: number;
}

/** Somewhere for a connector to work that no other test uses. */
export interface Place extends PlaceTraits {
  /** Runs the production code once. */
  attempt(tools: AttemptTools): Promise<unknown>;
  /** What the vendor's own client sees there now. */
  state(): Promise<unknown>;
}

export interface Subject {
  place(): Promise<Place>;
  /** False when a reader may see part of a batch before the attempt has ended. Default: true. */
  readonly atomic?: boolean;
  /** The service's own words, by service as its requests are signed, else by host, to the request of this name. */
  readonly answers: (service: string, fault: ServiceFault, name: string) => Answer;
}

/** Faults that every service has an answer for. */
export type ServiceFault = 'throttled' | 'unavailable' | 'unauthorized';

/** How an attempt ended. */
export interface Ended {
  readonly wire: Wire;
  readonly heartbeats: readonly unknown[];
  /** Undefined when it failed. */
  readonly result: unknown;
  /** Undefined when it succeeded. */
  readonly failure: unknown;
}

export interface AttemptOptions {
  readonly attempt?: number;
  readonly lastHeartbeat?: unknown;
  readonly signal?: AbortSignal;
  readonly hurried?: boolean;
  /** True when every request gets an answer. */
  readonly heard?: boolean;
  readonly plan?: Plan;
}

/** Runs one attempt at a place on a wire of its own, and waits for its end, whatever that is. */
export async function attemptAt(place: Place, options: AttemptOptions = {}): Promise<Ended> {
  const wire = new Wire(options.plan, {
    hurried: options.hurried ?? false,
    heard: options.heard ?? false,
    ...(place.shortestTimer === undefined ? {} : { shortestTimer: place.shortestTimer }),
    ...(place.looks === undefined ? {} : { looks: place.looks }),
    ...(place.farewells === undefined ? {} : { farewells: place.farewells }),
  });
  const heartbeats: unknown[] = [];
  const tools: AttemptTools = {
    attempt: options.attempt ?? 1,
    // As they arrive on the other side of Temporal.
    heartbeat: (details) => heartbeats.push(JSON.parse(JSON.stringify(details ?? null))),
    lastHeartbeat: options.lastHeartbeat,
    signal: options.signal ?? new AbortController().signal,
  };
  try {
    const result = await wire.carry(() => place.attempt(tools));
    return { wire, heartbeats, result, failure: undefined };
  } catch (failure) {
    return { wire, heartbeats, result: undefined, failure };
  } finally {
    wire.end();
  }
}

/** Throws what the attempt threw. */
export function mustSucceed({ failure }: Ended): void {
  if (failure === undefined) return;
  throw failure instanceof Error ? failure : new Error('The attempt threw no error.', { cause: failure });
}

/** The class of what an attempt threw; its text when no connector classified it. */
export function classOf(failure: unknown): string {
  return failure instanceof StageFailure ? failure.failureClass : `unclassified: ${String(failure)}`;
}

/** A value without the words of its place. */
export function withoutWords(place: Place, value: unknown): unknown {
  let text = JSON.stringify(value ?? null, (_, member: unknown) =>
    typeof member === 'bigint' ? member.toString() : member,
  );
  for (const [at, word] of place.words.entries()) text = text.replaceAll(word, `<${String(at)}>`);
  return JSON.parse(text);
}
