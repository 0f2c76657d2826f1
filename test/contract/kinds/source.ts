import { expect } from '@jest/globals';
import type { Column } from '../../../pipeline/column.ts';
import { attemptAt, classOf, mustSucceed, type Place, type PlaceTraits, type Subject } from '../attempts.ts';
import type { Checks } from '../contract.ts';
import { stepChecks } from '../steps.ts';
import { HOSTILE, UNICODE } from './names.ts';

/** Rows of whole numbers and texts, column by column. */
export interface SourceContent {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What a reader of the staged label finds, as text. */
export interface StagedRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How an extract differs from one of the whole table. */
export interface ExtractOptions {
  readonly cursor?: string;
  readonly knownColumns?: readonly Column[];
  /** Another table of the same schema. */
  readonly table?: string;
}

/** A table of a source that no other test uses. */
export interface SourceTable extends PlaceTraits {
  /** Answers what extracts it by the stage runner of production. */
  extract(options?: ExtractOptions): Place['attempt'];
  /** The rows that the label's manifest names, by another reader than Reefline's own. */
  staged(): Promise<StagedRows | 'nothing'>;
}

export interface SourceUnderTest {
  readonly answers: Subject['answers'];
  /** Letters of the longest text that is brought here; the server takes it from one client. */
  readonly longestText: number;
  /** Makes and fills a table by the vendor's own client. */
  table(content: SourceContent, name?: string): Promise<SourceTable>;
}

const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };
const CONTENT: SourceContent = {
  columns: [ID, NOTE],
  rows: [
    [1, 'a'],
    [2, `b's "quoted", with; a comma`],
    [3, 'ü 🐟'],
  ],
};
/** MySQL has quotes of its own. */
const HOSTILE_HERE = ['x`; drop table victim; --', ...HOSTILE];

export function sourceChecks(open: () => SourceUnderTest): Checks {
  const place = async (): Promise<Place> => {
    const table = await open().table(CONTENT);
    const { extract, staged, ...about } = table;
    return { ...about, attempt: extract(), state: staged };
  };
  const play = async (table: SourceTable, options: ExtractOptions): Promise<unknown> => {
    const attempt = table.extract(options);
    return (await attemptAt({ words: [], attempt, state: table.staged })).failure;
  };
  const arrives = async (content: SourceContent, name?: string): Promise<SourceTable> => {
    const table = await open().table(content, name);
    mustSucceed(await attemptAt({ words: [], attempt: table.extract(), state: table.staged }));
    expect(await table.staged()).toEqual(textsOf(content));
    return table;
  };
  return {
    ...stepChecks({ place, answers: (...asked) => open().answers(...asked) }),
    'wrong schema': async () => {
      const table = await open().table(CONTENT);
      const retyped = [{ ...ID, type: { kind: 'text' as const } }, NOTE];
      for (const [options, expected] of [
        [{ knownColumns: retyped }, ['data_error', /\bid\b/u]],
        [{ table: 'nowhere' }, ['not_found', /\bnowhere\b/u]],
        [{ cursor: 'missing' }, ['not_found', /\bmissing\b/u]],
        [{ cursor: 'note' }, ['invalid_config', /\bnote\b/u]],
      ] as const) {
        const failure = await play(table, options);
        const [failureClass, text] = expected;
        expect([classOf(failure), String(failure)]).toEqual([failureClass, expect.stringMatching(text)]);
        expect(await table.staged()).toBe('nothing');
      }
    },
    'empty batch': async () => {
      await arrives({ ...CONTENT, rows: [] });
    },
    'huge row': async () => {
      await arrives({ ...CONTENT, rows: [[1, 'x'.repeat(open().longestText)]] });
    },
    'unicode identifiers': async () => {
      const columns = [ID, ...UNICODE.map((name) => ({ ...NOTE, name }))];
      await arrives({ columns, rows: [[1, 'a', 'b', 'ü']] }, 'bestände_表');
    },
    'injection through names': async () => {
      const victim = await arrives(CONTENT, 'victim');
      const columns = [ID, ...HOSTILE_HERE.map((name) => ({ ...NOTE, name }))];
      await arrives({ columns, rows: [[1, ...HOSTILE_HERE]] });
      for (const table of [`x"; drop table victim; --`, 'x`; drop table victim; --', 'a.b', '../x'])
        expect([table, classOf(await play(victim, { table }))]).toEqual([table, 'invalid_config']);
      mustSucceed(await attemptAt({ words: [], attempt: victim.extract(), state: victim.staged }));
      expect(await victim.staged()).toEqual(textsOf(CONTENT));
    },
  };
}

function textsOf({ columns, rows }: SourceContent): StagedRows {
  return { columns: columns.map(({ name }) => name), rows: rows.map((row) => row.map(String)) };
}
