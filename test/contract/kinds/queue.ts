import { expect } from '@jest/globals';
import type { Queue } from '../../../connectors/sqs/client.ts';
import { batchMessages, sendBatch } from '../../../connectors/sqs/send.ts';
import type { OutgoingMessage } from '../../../pipeline/outgoing.ts';
import { StageFailure } from '../../../pipeline/failure.ts';
import type { Forwarded } from '../../../activities/forward-events.ts';
import { attemptAt, classOf, type Place, type Subject } from '../attempts.ts';
import { skipped, type Checks } from '../contract.ts';
import { stepChecks } from '../steps.ts';

/** A queue that no other test uses. */
export interface TestQueue {
  readonly words: readonly string[];
  /** For production code. */
  readonly queue: Queue;
  /** The bodies that have arrived so far, each once, by the vendor's own client; waits until so many are there. */
  bodies(expected: number): Promise<readonly string[]>;
  /** Puts events into an outbox whose endpoint is this queue, and answers what forwards them by the activity of production. */
  owe(bodies: readonly string[]): Promise<(attempt: number) => Promise<Forwarded>>;
}

export interface QueueUnderTest {
  readonly answers: Subject['answers'];
  queue(): Promise<TestQueue>;
  /** The address of a queue that nobody has made. */
  nowhere(): Queue;
}

/** Three calls of SQS, which go out at the same time. */
const MESSAGES = 23;
const UNICODE = ['größe ☃', 'Ελλάς', '表の列 🐟', 'e\u0301 and é', 'right \u202e to left'];
const HOSTILE = [
  `x"; drop table victim; --`,
  `{"Id":"0"},{`,
  '</Message>&amp;<!--',
  '${env:SECRET}',
  'a=b&Action=PurgeQueue',
];

export function queueChecks(open: () => QueueUnderTest): Checks {
  const answers: Subject['answers'] = (...asked) => open().answers(...asked);
  const bodies = Array.from({ length: MESSAGES }, (_, at) =>
    JSON.stringify({ event_type: 'data', table: `n${String(at)}` }),
  );
  const sending = stepChecks({
    atomic: false,
    answers,
    async place(): Promise<Place> {
      const target = await open().queue();
      let attempted = false;
      return {
        words: target.words,
        attempt() {
          attempted = true;
          return sendAll(target.queue, bodies);
        },
        state: () => target.bodies(attempted ? MESSAGES : 0),
      };
    },
  });
  const forwarding = stepChecks({
    atomic: false,
    answers,
    async place(): Promise<Place> {
      const target = await open().queue();
      const forward = await target.owe(bodies);
      let attempted = false;
      return {
        words: target.words,
        async attempt({ attempt }) {
          attempted = true;
          return { owed: (await forward(attempt)).nextDueSeconds };
        },
        state: () => target.bodies(attempted ? MESSAGES : 0),
      };
    },
  });
  const arrive = async (texts: readonly string[]): Promise<void> => {
    const target = await open().queue();
    await sendAll(target.queue, texts);
    expect((await target.bodies(texts.length)).toSorted()).toEqual([...texts].toSorted());
  };
  return {
    ...sending,
    'the same when repeated': forwarding['the same when repeated'],
    'killed at every step': forwarding['killed at every step'],
    'cancelled at every step': skipped(
      'a message is sent or not, in one request that ends within its own time-out; nothing is left to cancel.',
    ),
    'wrong schema': async () => {
      const [result] = await sendBatch(open().nowhere(), [message('a', '{}')]);
      expect(result?.error?.failureClass).toBe('not_found');
    },
    'empty batch': async () => {
      const target = await open().queue();
      const forward = await target.owe([]);
      const ended = await attemptAt({
        words: [],
        attempt: ({ attempt }) => forward(attempt),
        state: async () => null,
      });
      expect(ended).toMatchObject({
        failure: undefined,
        result: { delivered: 0, failed: 0, nextDueSeconds: null },
      });
      expect(ended.wire.steps.filter(({ service }) => service !== 'catalog')).toEqual([]);
    },
    'huge row': async () => {
      await arrive(Array.from({ length: 5 }, (_, at) => `${String(at)}${'é'.repeat(100_000)}`));
      const target = await open().queue();
      const refused = await failureOfSending(target.queue, ['small', 'x'.repeat(2_000_000)]);
      expect(classOf(refused)).toBe('rejected');
      expect(await target.bodies(1)).toEqual(['small']);
    },
    'unicode identifiers': () => arrive(UNICODE),
    'injection through names': () => arrive(HOSTILE),
  };
}

/** Sends as the activity does. @throws the first failure of a message, once all batches have been tried. */
async function sendAll(queue: Queue, bodies: readonly string[]): Promise<{ sent: number }> {
  const batches = batchMessages(bodies.map((body, at) => message(String(at), body)));
  const results = (await Promise.all(batches.map((batch) => sendBatch(queue, batch)))).flat();
  expect(results.map(({ id }) => id)).toEqual(bodies.map((_, at) => String(at)));
  const failed = results.find(({ error }) => error !== null)?.error;
  if (failed != null) throw new StageFailure(failed.failureClass, failed.message);
  return { sent: results.length };
}

async function failureOfSending(queue: Queue, bodies: readonly string[]): Promise<unknown> {
  return sendAll(queue, bodies).then(
    () => undefined,
    (failure: unknown) => failure,
  );
}

function message(id: string, body: string): OutgoingMessage {
  return { id, group: 'a.b.c', body, attributes: { eventId: body.slice(0, 100), event_type: 'data' } };
}
