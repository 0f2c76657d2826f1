import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goneKeys, SINCE, type GoneCounts, type KeyRun } from '../../connectors/keys/gone-keys.ts';
import { GoneRows } from '../../connectors/keys/gone-rows.ts';
import { compareKeys } from '../../connectors/keys/key-bytes.ts';
import { KeyReader } from '../../connectors/keys/key-reader.ts';
import { KeyRecord } from '../../connectors/keys/key-record.ts';
import { BlockWriter, readBlocks, RECORD_HEADER } from '../../connectors/keys/run-blocks.ts';
import { SortedRun } from '../../connectors/keys/sorted-run.ts';
import type { Column, ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';

const column = (name: string, type: ColumnType): Column => ({ name, type, nullable: false });

/** One column of each form, the call that brings a value of it, and what the reader makes of it. */
const FORMS: readonly [ColumnType, fc.Arbitrary<unknown>, string, (value: never) => unknown[], string][] = [
  [{ kind: 'boolean' }, fc.boolean(), 'addBoolean', (value) => [value], 'addBoolean'],
  [{ kind: 'int32' }, fc.integer(), 'addInt32', (value) => [value], 'addInt32'],
  [{ kind: 'decimal', precision: 9, scale: 2 }, fc.integer(), 'addInt32', (value) => [value], 'addInt32'],
  [
    { kind: 'int64' },
    fc.tuple(fc.integer(), fc.integer()),
    'addInt64',
    (value: [number, number]) => value,
    'addInt64',
  ],
  [
    { kind: 'decimal', precision: 38, scale: 0 },
    fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }),
    'addBigInt128',
    (value) => [value],
    'addBigInt128',
  ],
];

const keys = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });
const recordOf = (key: number): Buffer => Buffer.from(String.fromCodePoint(48 + key) + 'x'.repeat(key % 3));

async function blocksOf(blocks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const block of blocks) parts.push(block);
  return Buffer.concat(parts);
}

function runOf(holds: KeyRun['holds'], bytes: Buffer): KeyRun {
  return { holds, size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}

async function sortedRun(holds: KeyRun['holds'], records: readonly Buffer[]): Promise<KeyRun> {
  const run = new SortedRun();
  for (const record of records) run.add(record);
  return runOf(holds, await blocksOf(run.blocks()));
}

async function recordsOf({ size, read }: KeyRun): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const block of readBlocks(size, read))
    for (let at = 0; at < block.length;) {
      const end = at + RECORD_HEADER + block.readUInt32BE(at);
      found.push(block.subarray(at + RECORD_HEADER, end));
      at = end;
    }
  return found;
}

describe('the record of a key', () => {
  test('gives back every value of every form', () => {
    const columns = [
      ...FORMS.map(([type], at) => column(`c${String(at)}`, type)),
      column('t', { kind: 'text' }),
    ];
    fc.assert(
      fc.property(
        fc.tuple(...FORMS.map(([, value]) => value)),
        fc.string({ unit: 'binary' }),
        (values, text) => {
          const record = new KeyRecord('t');
          const sinks = record.sinks(columns);
          FORMS.forEach(([, , call, args], at) => {
            (sinks[at] as unknown as Record<string, (...given: unknown[]) => void>)[call]?.(
              ...args(values[at] as never),
            );
          });
          const bytes = Buffer.from(text);
          sinks.at(-1)?.addBytes(bytes, 0, bytes.length);
          const read: unknown[] = [];
          const sink = new Proxy(
            {},
            {
              get:
                (_, call) =>
                (...args: unknown[]) => {
                  read.push([
                    call,
                    ...(call === 'addBytes'
                      ? [
                          (args[0] as Buffer).toString(
                            'utf8',
                            args[1] as number,
                            (args[1] as number) + (args[2] as number),
                          ),
                        ]
                      : args),
                  ]);
                },
            },
          ) as never;
          const content = Buffer.from(record.content);
          const reader = new KeyReader(
            columns,
            columns.map(() => sink),
          );
          const end = reader.addRow(
            content,
            new DataView(content.buffer, content.byteOffset, content.length),
            0,
          );
          expect(end).toBe(content.length);
          expect(read).toEqual([
            ...FORMS.map(([, , , args, call], at) => [call, ...args(values[at] as never)]),
            ['addBytes', text],
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is the same for a value that comes as a number of 64 bits and by its halves', () => {
    const [one, other] = [new KeyRecord('t'), new KeyRecord('t')];
    one.sinks([column('id', { kind: 'int64' })])[0]?.addBigInt64(-2n);
    other.sinks([column('id', { kind: 'int64' })])[0]?.addInt64(-1, -2);
    expect(one.content).toEqual(other.content);
  });

  test('refuses NULL and names the column and the cure', () => {
    const [sink] = new KeyRecord('shop.public.t').sinks([column('id', { kind: 'int32' })]);
    expect(() => sink?.addNull()).toThrow(StageFailure);
    expect(() => sink?.addNull()).toThrow(
      /shop\.public\.t\.id is part of the key and NULL.*remove detect_deletes/u,
    );
  });
});

/** What several keys begin with: so much that a loop over the first bytes does not tell them apart, too. */
const anyStart = fc.uint8Array({ maxLength: 80 });

describe('a sorted run', () => {
  test('has its order from the bytes of keys, wherever they lie and however much they share', () => {
    const end = fc.uint8Array({ max: 2, maxLength: 10 });
    fc.assert(
      fc.property(anyStart, end, end, (start, one, other) => {
        const keys = [one, other].map((rest) => Buffer.concat([start, rest]));
        const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = keys;
        const both = Buffer.concat([Buffer.from('x'), ...keys]);
        const between = 1 + first.length;
        const compared = compareKeys(both, 1, between, both, between, both.length);
        expect(Math.sign(compared)).toBe(first.compare(second));
      }),
      { numRuns: 300 },
    );
  });

  test('holds its records in the order of their bytes, over any number of blocks', async () => {
    // Short ones of two values tie in their first bytes, and long ones fill blocks.
    const drawnRecord = fc.oneof(
      fc.uint8Array({ max: 1, maxLength: 12 }),
      fc.uint8Array({ minLength: 1, maxLength: 40_000 }),
    );
    const lengths = fc.array(drawnRecord, { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.boolean(), anyStart, async (drawn, presorted, start) => {
        const records = drawn.map((bytes) => Buffer.concat([start, bytes]));
        const sorted = records.toSorted((one, other) => one.compare(other));
        const run = await sortedRun('now', presorted ? sorted : records);
        expect(await recordsOf(run)).toEqual(sorted);
      }),
      { numRuns: 60 },
    );
  });

  test('is full at its limit of keys and at its limit of bytes', () => {
    const byKeys = new SortedRun({ keys: 2, bytes: 1_000 });
    const byBytes = new SortedRun({ keys: 1_000, bytes: 5 });
    const seen = [1, 2].map(() => {
      byKeys.add(Buffer.from('abc'));
      byBytes.add(Buffer.from('abc'));
      return [byKeys.full, byBytes.full];
    });
    expect(seen).toEqual([
      [false, false],
      [true, true],
    ]);
  });
});

describe('the keys that are gone', () => {
  test('are those of before, or missed lately, that are not there now: each once, since when it was missed', async () => {
    const [now, forget] = [1_000, 400];
    const goneRuns = fc.array(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 999 }))),
      { maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(keys, { maxLength: 3 }),
        fc.array(keys, { maxLength: 3 }),
        goneRuns,
        async (there, before, gone) => {
          const runs = [
            ...(await Promise.all(there.map((some) => sortedRun('now', some.map(recordOf))))),
            ...(await Promise.all(before.map((some) => sortedRun('before', some.map(recordOf))))),
            ...(await Promise.all(
              gone.map(async (some) => {
                const ordered = [...new Map(some)].sort(([one], [other]) =>
                  recordOf(one).compare(recordOf(other)),
                );
                const records = ordered.map(([key, since]) => {
                  const prefix = Buffer.alloc(SINCE);
                  prefix.writeDoubleBE(since);
                  return Buffer.concat([prefix, recordOf(key)]);
                });
                const writer = new BlockWriter();
                // In the order of the keys, as goneKeys writes them, which is not that of the bytes.
                for (const record of records) writer.add(record, 0, record.length);
                return runOf('gone', await writer.take());
              }),
            )),
          ];
          const counts: GoneCounts = { before: 0, missed: 0, gone: 0 };
          const written = await recordsOf(
            runOf('gone', await blocksOf(goneKeys(runs, { now, forget }, counts))),
          );
          const isThere = new Set(there.flat());
          const wasThere = new Set(before.flat());
          const missed = new Map<number, number>();
          for (const some of gone)
            for (const [key, since] of new Map(some)) missed.set(key, Math.max(since, missed.get(key) ?? 0));
          const expected = new Map<string, number>();
          for (const [key, since] of missed)
            if (!isThere.has(key) && !wasThere.has(key) && since >= forget)
              expected.set(recordOf(key).toString(), since);
          for (const key of wasThere) if (!isThere.has(key)) expected.set(recordOf(key).toString(), now);
          expect(written.map((record) => [record.subarray(SINCE).toString(), record.readDoubleBE()])).toEqual(
            [...expected].sort(([one], [other]) => (one < other ? -1 : 1)),
          );
          expect(counts).toEqual({
            before: wasThere.size,
            missed: [...wasThere].filter((key) => !isThere.has(key)).length,
            gone: expected.size,
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('come back as rows of the key', async () => {
    const record = new KeyRecord('t');
    const columns = [column('id', { kind: 'int64' }), column('code', { kind: 'text' })];
    const sinks = record.sinks(columns);
    const made = ([3, 1, 2] as const).map((id) => {
      record.clear();
      sinks[0]?.addInt64(0, id);
      const code = Buffer.from(`c${String(id)}`);
      sinks[1]?.addBytes(code, 0, code.length);
      return Buffer.from(record.content);
    });
    const counts: GoneCounts = { before: 0, missed: 0, gone: 0 };
    const run = await sortedRun('before', made);
    const rows = new GoneRows(runOf('gone', await blocksOf(goneKeys([run], { now: 1, forget: 0 }, counts))));
    const read: string[] = [];
    const sink = {
      addBoolean: () => undefined,
      addInt32: () => undefined,
      addBigInt128: () => undefined,
      addInt64: (_: number, low: number) => void read.push(String(low)),
      addBytes: (source: Buffer, start: number, length: number) =>
        void read.push(source.toString('utf8', start, start + length)),
    };
    const reader = rows.openReader('t', columns, [sink, sink]);
    while (await rows.more())
      rows.take((bytes, view, at) => {
        reader.addRow(bytes, view, at);
      });
    expect(read).toEqual(['1', 'c1', '2', 'c2', '3', 'c3']);
  });
});
