import { expect } from '@jest/globals';
import type { FailureClass } from '../../../pipeline/failure.ts';
import { attemptAt, classOf, mustSucceed, type Place, type PlaceTraits, type Subject } from '../attempts.ts';
import type { Checks } from '../contract.ts';
import { stepChecks } from '../steps.ts';
import { HOSTILE, UNICODE } from './names.ts';

/** Rows of a whole number, the key, and texts. */
export interface PublishedContent {
  /** Names of the columns in the warehouse; the first is the key. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [number, ...string[]])[];
}

/** Where rows go to, and that no other test uses. */
export interface DestinationTable extends PlaceTraits {
  /** Fills a table of the warehouse and answers what publishes it by the stage runner of production, to elsewhere when it is named. */
  publish(content: PublishedContent, revision?: number, elsewhere?: string): Promise<Place['attempt']>;
  /** The rows by the vendor's own client, as text, in the order of their keys; none when there is no table. */
  rows(): Promise<readonly (readonly string[])[]>;
}

export interface DestinationUnderTest {
  readonly answers: Subject['answers'];
  /** False when a reader may see some rows before others. */
  readonly atomic?: boolean;
  /** Letters of the longest text that is brought here. */
  readonly longestText: number;
  /** What becomes of a row with a longer one. */
  readonly longerText: 'cannot be in the warehouse' | 'is refused alone';
  /** Columns of texts that a row may have. */
  readonly texts: number;
  table(): Promise<DestinationTable>;
  /** A table whose column `note` does not take texts, and how the refusal is classed. */
  misfit(): Promise<{ readonly table: DestinationTable; readonly refused: FailureClass }>;
}

const CONTENT: PublishedContent = {
  columns: ['id', 'note'],
  rows: [
    [1, 'a'],
    [2, `b's "quoted", with; a comma`],
    [3, 'ü 🐟'],
  ],
};

export function destinationChecks(open: () => DestinationUnderTest): Checks {
  const place = async (): Promise<Place> => {
    const { publish, rows, ...about } = await open().table();
    return { ...about, attempt: await publish(CONTENT), state: rows };
  };
  const play = async (
    table: DestinationTable,
    content: PublishedContent,
    elsewhere?: string,
  ): Promise<unknown> => {
    const attempt = await table.publish(content, 2, elsewhere);
    return (await attemptAt({ words: [], attempt, state: table.rows })).failure;
  };
  const arrives = async (table: DestinationTable, content: PublishedContent): Promise<void> => {
    const attempt = await table.publish(content);
    mustSucceed(await attemptAt({ words: [], attempt, state: table.rows }));
    expect(await table.rows()).toEqual(content.rows.map((row) => row.map(String)));
  };
  /** As many of the names as the destination has columns, each with its own name as the value. */
  const named = async (names: readonly string[]): Promise<void> => {
    const { texts, table } = open();
    for (let from = 0; from < names.length; from += texts) {
      const some = names.slice(from, from + texts);
      await arrives(await table(), { columns: ['id', ...some], rows: [[1, ...some]] });
    }
  };
  return {
    ...stepChecks({
      place,
      answers: (...asked) => open().answers(...asked),
      get atomic() {
        return open().atomic ?? true;
      },
    }),
    'wrong schema': async () => {
      const { table, refused } = await open().misfit();
      const failure = await play(table, CONTENT);
      expect([classOf(failure), String(failure)]).toEqual([refused, expect.stringMatching(/\bnote\b/iu)]);
      expect(await table.rows()).toEqual([]);
    },
    'empty batch': async () => {
      await arrives(await open().table(), { ...CONTENT, rows: [] });
    },
    'huge row': async () => {
      const { table, longestText, longerText } = open();
      await arrives(await table(), { ...CONTENT, rows: [[1, 'x'.repeat(longestText)]] });
      if (longerText === 'cannot be in the warehouse') return;
      const refusing = await table();
      const failure = await play(refusing, {
        ...CONTENT,
        rows: [
          [1, 'a'],
          [2, 'x'.repeat(longestText + 1)],
        ],
      });
      expect(classOf(failure)).toBe('data_error');
      expect(await refusing.rows()).toEqual([['1', 'a']]);
    },
    'unicode identifiers': () => named(UNICODE),
    'injection through names': async () => {
      const victim = await open().table();
      await arrives(victim, CONTENT);
      await named(HOSTILE);
      for (const name of [`x"; drop table victim; --`, 'a.b', '../x'])
        expect([name, classOf(await play(victim, CONTENT, name))]).toEqual([name, 'invalid_config']);
      expect(await victim.rows()).toHaveLength(CONTENT.rows.length);
    },
  };
}
