import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { subjectOf, Turns } from '../../pipeline/turns.ts';

interface Item {
  readonly subject: string;
  readonly at: number;
}

type Step =
  | { readonly kind: 'come'; readonly subjects: readonly string[] }
  | { readonly kind: 'take'; readonly count: number }
  | { readonly kind: 'done' };

const SUBJECTS = ['a', 'b', 'c', 'd'];

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('come' as const),
      subjects: fc.array(fc.constantFrom(...SUBJECTS), { maxLength: 40 }),
    }),
    fc.record({ kind: fc.constant('take' as const), count: fc.nat({ max: 30 }) }),
    fc.record({ kind: fc.constant('done' as const) }),
  ),
  { maxLength: 40 },
);

const lengths = fc.integer({ min: 1, max: 30 });

function fill(turns: Turns<Item>, subjects: readonly string[], from = 0): readonly Item[] {
  const items = subjects.map((subject, at) => ({ subject, at: from + at }));
  for (const item of items) turns.add(item.subject, item);
  return items;
}

test('nothing is lost or doubled, each subject keeps its order, and nothing gets between what is taken', () => {
  fc.assert(
    fc.property(lengths, steps, (length, played) => {
      const turns = new Turns<Item>(length);
      const came: Item[] = [];
      const gone: Item[] = [];
      let taken: readonly Item[] = [];
      for (const step of played) {
        if (step.kind === 'come') came.push(...fill(turns, step.subjects, came.length));
        else if (step.kind === 'take') {
          const first = turns.first(Math.max(step.count, taken.length));
          const now = [...turns.take(step.count)];
          expect(now).toEqual(first);
          expect(now.slice(0, taken.length)).toEqual(taken);
          taken = now;
        } else {
          turns.done();
          gone.push(...taken);
          taken = [];
        }
        expect(turns).toHaveLength(came.length - gone.length);
        expect(turns.first().slice(0, taken.length)).toEqual(taken);
      }
      const all = [...gone, ...turns.first()];
      expect(all).toHaveLength(came.length);
      for (const of of SUBJECTS)
        expect(all.filter(({ subject }) => subject === of)).toEqual(
          came.filter(({ subject }) => subject === of),
        );
    }),
  );
});

test('how it is cut into batches makes no difference', () => {
  const subjects = fc.array(fc.constantFrom(...SUBJECTS), { maxLength: 100 });
  fc.assert(
    fc.property(lengths, subjects, fc.array(fc.nat({ max: 30 })), (length, came, sizes) => {
      const [whole, cut] = [new Turns<Item>(length), new Turns<Item>(length)];
      fill(whole, came);
      fill(cut, came);
      const taken: Item[] = [];
      for (const size of sizes) {
        taken.push(...cut.take(size));
        cut.done();
      }
      expect([...taken, ...cut.first()]).toEqual(whole.first());
    }),
  );
});

test('whoever comes is served after at most one turn of each other subject, however many items they have', () => {
  const others = fc.uniqueArray(fc.constantFrom('b', 'c', 'd', 'e'));
  const numbers = fc.nat({ max: 500 });
  fc.assert(
    fc.property(
      lengths,
      others,
      fc.integer({ min: 1, max: 500 }),
      numbers,
      (length, flooding, flood, before) => {
        const turns = new Turns<Item>(length);
        for (let at = 0; at < flood; at += 1) fill(turns, flooding);
        turns.take(before);
        turns.done();
        fill(turns, ['a']);
        const place = turns.first().findIndex(({ subject }) => subject === 'a');
        expect(place).toBeLessThanOrEqual(length * flooding.length);
      },
    ),
  );
});

test('a turn is as long as it is said to be while others wait, and ends with what its subject has', () => {
  const turns = new Turns<Item>(3);
  fill(turns, ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'b']);
  expect(turns.first().map(({ subject }) => subject)).toEqual(['a', 'a', 'a', 'b', 'b', 'c', 'a', 'a']);
});

test('a flood of 400,000 of one subject is taken whole', () => {
  const turns = new Turns<number>(25);
  for (let at = 0; at < 400_000; at += 1) turns.add('', at);
  let expected = 0;
  while (turns.length > 0) {
    for (const at of turns.take(100)) if (at !== expected++) throw new Error(`${String(at)} came too early`);
    turns.done();
  }
  expect(expected).toBe(400_000);
});

test('a message is about the schema and table that it names, and about nothing when it is no event', () => {
  expect(subjectOf({ schema: 'partners', table: 'fares', dataset: 'x.y.z' })).toBe('partners.fares');
  for (const message of [
    null,
    undefined,
    7,
    'text',
    [],
    {},
    { schema: 'partners' },
    { schema: 1, table: {} },
  ])
    expect(subjectOf(message)).toBe('');
});
