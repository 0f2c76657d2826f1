import { expect } from '@jest/globals';
import type { Forwarded } from '../../../activities/forward-events.ts';
import { StageFailure } from '../../../pipeline/failure.ts';
import type { OutgoingMessage, Sender, SendResults } from '../../../pipeline/outgoing.ts';
import { attemptAt, classOf, type Place, type Subject } from '../attempts.ts';
import { skipped, type Check, type Checks } from '../contract.ts';
import { stepChecks } from '../steps.ts';

/** Somebody who takes messages over HTTP and whom no other test asks. */
export interface TestReceiver {
  /** Of production, for this receiver. */
  sender(): Sender;
  /** What has arrived and was found good, each message once. */
  taken(): readonly string[];
  /** From now on it answers with this status and these headers. */
  answerWith(status: number, headers?: Readonly<Record<string, string>>): void;
  /** From now on it refuses, with this status, requests that are longer. */
  refuseAbove(bytes: number, status: number): void;
  /** Owes events to it and answers what forwards them by the activity of production. */
  owe(bodies: readonly string[]): Promise<(attempt: number) => Promise<Forwarded>>;
}

export interface ReceiverUnderTest {
  readonly answers: Subject['answers'];
  receiver(): Promise<TestReceiver>;
  /** Statuses that end a message, or say what is wrong with the address, with the classes of failures that they are. */
  readonly classes: readonly (readonly [status: number, failureClass: string, final: boolean])[];
}

/** Of one dataset, so that they go one after the other. */
const MESSAGES = Array.from({ length: 5 }, (_, at) =>
  JSON.stringify({ event_type: 'data', table: `n${String(at)}` }),
);
const UNICODE = ['größe ☃', 'Ελλάς', '表の列 🐟', 'e\u0301 and é', 'right \u202e to left'];
const HOSTILE = [
  'x"; drop table victim; --',
  'a\r\nwebhook-id: b',
  '</text>&<!here>',
  '${env:SECRET}',
  'a.1.{}',
];
/** A quarter of SQS' limit is never exceeded, see MAX_EVENT_BYTES; the longest error text is in it. */
const LONGEST = 192 * 1024;
const FOREVER = new AbortController().signal;

/** `forwarded`: false for a receiver whose messages are texts for people. */
export function receiverChecks(open: () => ReceiverUnderTest, forwarded: boolean): Checks {
  const answers: Subject['answers'] = (...asked) => open().answers(...asked);
  const placeOf = async (
    attempt: (target: TestReceiver) => Promise<(attempt: number) => Promise<unknown>>,
  ): Promise<Place> => {
    const target = await open().receiver();
    const once = await attempt(target);
    return {
      words: [],
      attempt: ({ attempt: number }) => once(number),
      state: () => Promise.resolve([...target.taken()].sort()),
    };
  };
  const sending = stepChecks({
    atomic: false,
    answers,
    place: () => placeOf((target) => Promise.resolve(() => sendAll(target.sender(), MESSAGES))),
  });
  const forwarding = stepChecks({
    atomic: false,
    answers,
    place: () =>
      placeOf(async (target) => {
        const forward = await target.owe(MESSAGES);
        return async (attempt) => ({ owed: (await forward(attempt)).nextDueSeconds });
      }),
  });
  const arrive = async (texts: readonly string[]): Promise<void> => {
    const target = await open().receiver();
    await sendAll(target.sender(), texts);
    expect([...target.taken()].sort()).toEqual([...texts].sort());
  };
  return {
    ...sending,
    ...(forwarded
      ? {
          'the same when repeated': forwarding['the same when repeated'],
          'killed at every step': forwarding['killed at every step'],
        }
      : {}),
    'cancelled at every step': skipped(
      'a message is sent or not, in one request that ends within its own time-out; nothing is left to cancel.',
    ),
    'wrong schema': () => isClassified(open()),
    'empty batch': isNothing(open),
    'huge row': async () => {
      await arrive(['small', 'é'.repeat(LONGEST / 2)]);
      const target = await open().receiver();
      target.refuseAbove(LONGEST / 2, 413);
      const results = await target.sender().send(messagesOf(['a', 'x'.repeat(LONGEST), 'b']), FOREVER);
      expect(classesOf(results)).toEqual([undefined, 'rejected', undefined]);
      expect([...target.taken()].sort()).toEqual(['a', 'b']);
    },
    'unicode identifiers': () => arrive(UNICODE),
    'injection through names': () => arrive(HOSTILE),
  };
}

async function isClassified({ receiver, classes }: ReceiverUnderTest): Promise<void> {
  for (const [status, failureClass, final] of classes) {
    const target = await receiver();
    target.answerWith(status, { location: 'http://127.0.0.1:1/elsewhere' });
    const [result] = (await target.sender().send(messagesOf(['a']), FOREVER)).values();
    expect([status, result?.error?.failureClass, result?.final === true]).toEqual([
      status,
      failureClass,
      final,
    ]);
    expect(target.taken()).toEqual([]);
  }
}

function isNothing(open: () => ReceiverUnderTest): Check {
  return async () => {
    const target = await open().receiver();
    const ended = await attemptAt({
      words: [],
      attempt: async () => [...(await target.sender().send([], FOREVER))],
      state: () => Promise.resolve(null),
    });
    expect(ended).toMatchObject({ failure: undefined, result: [] });
    expect(ended.wire.steps).toEqual([]);
  };
}

/** Sends as the activity does. @throws the failure of the first message that has one, as the activity keeps it. */
async function sendAll(sender: Sender, bodies: readonly string[]): Promise<{ sent: number }> {
  const results = await sender.send(messagesOf(bodies), FOREVER);
  const failed = [...results.values()].find(({ error }) => error !== null)?.error;
  if (failed != null) throw new StageFailure(failed.failureClass, failed.message);
  expect(results.size).toBe(bodies.length);
  return { sent: results.size };
}

function messagesOf(bodies: readonly string[]): readonly OutgoingMessage[] {
  return bodies.map((body, at) => {
    const id = `${body.slice(0, 60)}/${String(at)}`;
    return { id, group: 'a.b.c', body, attributes: { eventId: id, event_type: 'data' } };
  });
}

function classesOf(results: SendResults): readonly (string | undefined)[] {
  return [...results.values()].map(({ error }) =>
    error === null ? undefined : classOf(new StageFailure(error.failureClass, error.message)),
  );
}
