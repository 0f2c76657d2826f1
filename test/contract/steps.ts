import { expect } from '@jest/globals';
import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import {
  attemptAt,
  classOf,
  mustSucceed,
  withoutWords,
  type AttemptOptions,
  type Ended,
  type Place,
  type ServiceFault,
  type Subject,
} from './attempts.ts';
import type { Behaviour } from './behaviours.ts';
import type { Check } from './contract.ts';
import { CUT, LOST, PASS, SILENT, type Plan } from './faults/wire.ts';

/** What an undisturbed attempt sends, answers and leaves. */
interface Reference {
  readonly steps: readonly string[];
  readonly result: unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/** Places that are played at the same time; most of the time they wait for the service. */
const ABREAST = 4;

type OfSteps = Extract<
  Behaviour,
  | 'the same when repeated'
  | 'killed at every step'
  | 'answers lost at every step'
  | 'cancelled at every step'
  | 'throttled'
  | 'unavailable'
  | 'silent'
  | 'unauthorized'
>;

/** The behaviours that are the same for every kind, because they are about what an attempt sends. */
export function stepChecks(subject: Subject): Readonly<Record<OfSteps, Check>> {
  let known: Promise<Reference> | undefined;
  const reference = (): Promise<Reference> => (known ??= play(subject));
  const everyStep = async (
    from: number,
    work: (step: number, told: Reference) => Promise<void>,
  ): Promise<void> => {
    const told = await reference();
    await eachAbreast(told.steps.length + 1 - from, (at) => work(at + from, told));
  };
  return {
    'the same when repeated': async () => {
      await reference();
    },
    'killed at every step': () =>
      everyStep(0, async (step, told) => {
        for (const heard of [true, false]) await killedAfter(subject, told, step, heard);
      }),
    'answers lost at every step': () =>
      everyStep(1, async (step, told) => {
        const place = await subject.place();
        const plan: Plan = ({ number }) => (number === step ? LOST : PASS);
        const first = await attemptAt(place, { plan, hurried: true });
        mayBeRetried(first, at(told, step));
        await completes(place, told, first, at(told, step));
      }),
    'cancelled at every step': () =>
      everyStep(1, async (step, told) => {
        const place = await subject.place();
        const cancelled = new AbortController();
        const plan: Plan = ({ number }) => {
          if (number !== step) return PASS;
          setImmediate(() => cancelled.abort(new Error('the run was cancelled')));
          return SILENT;
        };
        const first = await attemptAt(place, { plan, signal: cancelled.signal });
        if (!escaped(first, step)) {
          expect({ step: at(told, step), failed: first.failure !== undefined }).toEqual({
            step: at(told, step),
            failed: true,
          });
          // One that ends by a time-out has not heard of the cancellation.
          expect([at(told, step), classOf(first.failure)]).not.toEqual([at(told, step), 'timeout']);
        }
        await completes(place, told, first, at(told, step));
      }),
    throttled: () => everyStep(1, (step, told) => answered(subject, told, step, 'throttled')),
    unavailable: () => everyStep(1, (step, told) => answered(subject, told, step, 'unavailable')),
    unauthorized: () => everyStep(1, (step, told) => answered(subject, told, step, 'unauthorized')),
    silent: () =>
      everyStep(1, async (step, told) => {
        const place = await subject.place();
        const plan: Plan = ({ number }) => (number < step ? PASS : SILENT);
        const first = await attemptAt(place, { plan, hurried: true });
        if (!escaped(first, step))
          expect([at(told, step), classOf(first.failure)]).toEqual([at(told, step), 'timeout']);
        await completes(place, told, first, at(told, step));
      }),
  };
}

/** One attempt undisturbed, and one more, which must find everything done. */
async function play(subject: Subject): Promise<Reference> {
  const place = await subject.place();
  const before = withoutWords(place, await place.state());
  const first = await attemptAt(place);
  mustSucceed(first);
  const told = {
    steps: first.wire.steps.map(({ service, name }) => `${service} ${name}`),
    result: withoutWords(place, first.result),
    before,
    after: withoutWords(place, await place.state()),
  };
  expect(told.after).not.toEqual(before);
  expect(told.steps).not.toEqual([]);
  await completes(place, told, first, 'repeated');
  return told;
}

/**
 * The process dies when so many steps have taken effect: the answer of the last one never arrives, and nothing is sent
 * any more. `heard`: Temporal has got the last heartbeat, which it may not have.
 */
async function killedAfter(subject: Subject, told: Reference, step: number, heard: boolean): Promise<void> {
  const place = await subject.place();
  const plan: Plan = ({ number }) => (number < step ? PASS : number === step ? LOST : CUT);
  const first = await attemptAt(place, { plan, hurried: true });
  const where = `killed after ${at(told, step)}`;
  if (subject.atomic !== false) {
    const seen = withoutWords(place, await place.state());
    expect([where, [told.before, told.after]]).toEqual([where, expect.arrayContaining([seen])]);
  }
  await completes(place, told, heard ? first : undefined, where);
}

/** From this step on, the service gives nothing but this answer. */
async function answered(subject: Subject, told: Reference, step: number, fault: ServiceFault): Promise<void> {
  const place = await subject.place();
  const plan: Plan = ({ number, service, name }) =>
    number < step ? PASS : { kind: 'answered', answer: subject.answers(service, fault, name) };
  const first = await attemptAt(place, { plan, hurried: true, heard: true });
  if (!escaped(first, step))
    expect([at(told, step), classOf(first.failure)]).toEqual([at(told, step), fault]);
  await completes(place, told, first, at(told, step));
}

/**
 * Whether an attempt ended well before the step came at which it was to be disturbed: one that finds something ended when it
 * first looks asks for other things than one that has to wait, and may need fewer steps than the reference did.
 */
function escaped({ failure, wire }: Ended, step: number): boolean {
  return failure === undefined && wire.steps.length < step;
}

function mayBeRetried({ failure }: Ended, where: string): void {
  if (failure === undefined) return;
  const retryable = failure instanceof StageFailure && isRetryable(failure.failureClass);
  expect([where, classOf(failure), retryable]).toEqual([where, classOf(failure), true]);
}

/** The next attempt, which nobody disturbs, ends as if there had been none before it. */
async function completes(
  place: Place,
  told: Reference,
  earlier: Ended | undefined,
  where: string,
): Promise<void> {
  const again: AttemptOptions = { attempt: 2, lastHeartbeat: earlier?.heartbeats.at(-1) };
  const second = await attemptAt(place, again);
  const state = withoutWords(place, await place.state());
  expect({ where, failure: second.failure, result: withoutWords(place, second.result), state }).toEqual({
    where,
    failure: undefined,
    result: told.result,
    state: told.after,
  });
}

function at({ steps }: Reference, step: number): string {
  return `step ${String(step)} of ${String(steps.length)}: ${steps[step - 1] ?? 'nothing sent'}`;
}

/** Runs the work for 0, 1 … `count` - 1, a few at a time; the first failure is thrown when all have ended. */
async function eachAbreast(count: number, work: (at: number) => Promise<void>): Promise<void> {
  const waiting = Array.from({ length: count }, (_, index) => index);
  const failures: Error[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await work(next).catch((error: unknown) =>
        failures.push(error instanceof Error ? error : new Error(String(error))),
      );
  };
  await Promise.all(Array.from({ length: ABREAST }, lane));
  const [failure] = failures;
  if (failure !== undefined) throw failure;
}
