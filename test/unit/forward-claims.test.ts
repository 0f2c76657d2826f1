import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { forwardClaims, type Claim, type ClaimLimits } from '../../activities/forward-claims.ts';
import type { SendResult } from '../../pipeline/outgoing.ts';

const FULL = 3;
const NEVER = new AbortController().signal;
const LIMITS: ClaimLimits = { claims: 50, full: FULL, time: NEVER, ordered: false };

/** What a receiver does with a claim: takes all, leaves the last message for later, or refuses the last one. */
type Answer = 'all' | 'slow' | 'refuses';
type Step = 'take' | 'send' | 'mark' | 'giveBack';

interface Outbox {
  readonly owed: readonly number[];
  readonly answers: readonly Answer[];
  /** Steps that throw, by their number among all steps of that name. */
  readonly throws?: Readonly<Partial<Record<Step, readonly number[]>>>;
  /** Turns of the event loop that each step takes. */
  readonly turns?: readonly number[];
}

/** An outbox in memory, which notes every step as it begins and ends, and what becomes of each message. */
function outboxOf({ owed: given, answers, throws = {}, turns = [] }: Outbox) {
  const owed = [...given];
  const log: string[] = [];
  const delivered: number[] = [];
  const lost: number[] = [];
  const counts = { take: 0, send: 0, mark: 0, giveBack: 0 };
  let waits = 0;
  const done = async (step: Step, of: string): Promise<void> => {
    counts[step] += 1;
    const fails = throws[step]?.includes(counts[step]) === true;
    log.push(`${step} ${of}`);
    for (let turn = turns[waits++ % turns.length] ?? 0; turn > 0; turn -= 1) await new Promise(setImmediate);
    log.push(`${step} ended`);
    if (fails) throw new Error(`${step} fails`);
  };
  const idsOf = ({ messages }: Claim): number[] => messages.map(({ id }) => Number(id));
  const steps = {
    async take(): Promise<Claim> {
      const ids = owed.splice(0, FULL);
      try {
        await done('take', ids.join());
      } catch (error) {
        owed.unshift(...ids);
        throw error;
      }
      const messages = ids.map((id) => ({ id: String(id), group: 'g', body: '', attributes: {} }));
      const deliveries = ids.map((id) => ({ eventId: String(id) })) as unknown as Claim['deliveries'];
      return { deliveries, messages, time: NEVER };
    },
    async send(claim: Claim) {
      const answer = answers[counts.send] ?? 'all';
      await done('send', idsOf(claim).join());
      const results = new Map<string, SendResult>();
      for (const { id } of claim.messages) results.set(id, { id, messageId: 'm', error: null });
      const last = claim.messages.at(-1)?.id ?? '';
      if (answer === 'slow') results.delete(last);
      if (answer === 'refuses')
        results.set(last, { id: last, messageId: null, error: { failureClass: 'throttled', message: 'no' } });
      return { results, from: 0, to: 0 };
    },
    async mark(claim: Claim, { results }: { readonly results: ReadonlyMap<string, SendResult> }) {
      const ids = idsOf(claim);
      try {
        await done('mark', ids.join());
      } catch (error) {
        lost.push(...ids);
        throw error;
      }
      delivered.push(...ids.filter((id) => results.get(String(id))?.error === null));
      owed.push(...ids.filter((id) => results.get(String(id))?.error !== null));
      owed.sort((a, b) => a - b);
    },
    async giveBack(claim: Claim) {
      try {
        await done('giveBack', idsOf(claim).join());
      } catch (error) {
        lost.push(...idsOf(claim));
        throw error;
      }
      owed.push(...idsOf(claim));
      owed.sort((a, b) => a - b);
    },
  };
  return { steps, log, owed, delivered, lost };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('forwarding claim after claim', () => {
  test('marks one claim and takes the next while a third is sent, once the receiver took one whole', async () => {
    const { steps, log, delivered } = outboxOf({ owed: upTo(10), answers: [], turns: [1, 6, 1] });
    await forwardClaims(steps, LIMITS);
    expect(delivered).toEqual(upTo(10));
    expect(log.filter((line) => !line.endsWith('ended'))).toEqual([
      'take 1,2,3',
      'send 1,2,3',
      'mark 1,2,3',
      'take 4,5,6',
      'send 4,5,6',
      'take 7,8,9',
      'mark 4,5,6',
      'send 7,8,9',
      'take 10',
      'mark 7,8,9',
      'send 10',
      'mark 10',
      'take ',
    ]);
  });

  test('of a receiver that keeps an order, takes nothing before the claim before is marked', async () => {
    const { steps, log, delivered } = outboxOf({ owed: upTo(7), answers: [], turns: [3, 1, 2] });
    await forwardClaims(steps, { ...LIMITS, ordered: true });
    expect(delivered).toEqual(upTo(7));
    const names = log.map((line) => line.split(' ', 1)[0]);
    expect(names.filter((_, at) => at % 2 === 0)).toEqual(names.filter((_, at) => at % 2 === 1));
    expect(log.filter((line) => line.startsWith('take') && !line.endsWith('ended'))).toHaveLength(4);
  });

  test('gives back what it took ahead when the receiver leaves or refuses something, and then goes on with what was left', async () => {
    const slow = outboxOf({ owed: upTo(10), answers: ['all', 'slow', 'all'] });
    await forwardClaims(slow.steps, LIMITS);
    const sends = (log: readonly string[]): string[] => log.filter((line) => /^send \d/.test(line));
    expect(sends(slow.log)).toEqual(['send 1,2,3', 'send 4,5,6', 'send 6,7,8', 'send 9,10']);
    expect(slow.log).toContain('giveBack 7,8,9');
    expect(slow.owed).toEqual([]);
    const ill = outboxOf({ owed: upTo(10), answers: ['all', 'refuses'] });
    await forwardClaims(ill.steps, LIMITS);
    expect(sends(ill.log)).toEqual(['send 1,2,3', 'send 4,5,6']);
    expect(ill.owed).toEqual([6, 7, 8, 9, 10]);
  });

  test('ends at its limits and keeps nothing in hand', async () => {
    const few = outboxOf({ owed: upTo(30), answers: [] });
    await forwardClaims(few.steps, { ...LIMITS, claims: 3 });
    expect(few.delivered).toEqual(upTo(9));
    expect(few.owed).toHaveLength(21);
    const cancelled = new AbortController();
    const late = outboxOf({ owed: upTo(30), answers: [] });
    const send = async (claim: Claim): Promise<Awaited<ReturnType<typeof late.steps.send>>> => {
      if (claim.messages[0]?.id === '7') cancelled.abort();
      return late.steps.send(claim);
    };
    await forwardClaims({ ...late.steps, send }, { ...LIMITS, time: cancelled.signal });
    expect(late.delivered).toEqual(upTo(9));
    expect(late.owed).toHaveLength(21);
  });

  test('loses and doubles nothing, whatever fails and however long each step takes', async () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 20 }),
        fc.array(fc.constantFrom<Answer>('all', 'all', 'all', 'slow', 'refuses'), { maxLength: 8 }),
        fc.record({ take: numbers, mark: numbers, giveBack: numbers }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 9 }),
        fc.boolean(),
        async (count, answers, throws, turns, ordered) => {
          const { steps, log, owed, delivered, lost } = outboxOf({
            owed: upTo(count),
            answers,
            throws,
            turns,
          });
          const failure = await forwardClaims(steps, { ...LIMITS, ordered }).then(
            () => undefined,
            (error: unknown) => error,
          );
          const ended = log.length;
          await new Promise(setImmediate);
          expect(log).toHaveLength(ended);
          // Every message is in one place: delivered, owed, or in a claim of which the mark or the return itself failed.
          expect([...delivered, ...owed, ...lost].sort((a, b) => a - b)).toEqual(upTo(count));
          if (lost.length > 0) expect(failure).toBeInstanceOf(Error);
          // One message is sent at a time, and of each failed step somebody hears.
          const sending = log.filter((line) => line.startsWith('send'));
          expect(sending.filter((_, at) => at % 2 === 1)).toEqual(
            sending.flatMap((_, at) => (at % 2 === 1 ? ['send ended'] : [])),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
