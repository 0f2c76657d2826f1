import { expect } from '@jest/globals';
import type { Column } from '../../../pipeline/column.ts';
import type { Timelabel } from '../../../pipeline/timelabel.ts';
import { attemptAt, classOf, mustSucceed, type Place, type PlaceTraits, type Subject } from '../attempts.ts';
import type { Checks } from '../contract.ts';
import { labelOf } from '../runs.ts';
import { stepChecks } from '../steps.ts';
import { HOSTILE, UNICODE } from './names.ts';

/** What a run brings: rows of texts and whole numbers, column by column. */
export interface WarehouseBatch {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly revision?: number;
  readonly timelabel?: Timelabel;
}

/** A table of a warehouse that no other test uses. */
export interface WarehouseTable extends PlaceTraits {
  /** Makes the batch ready and answers what brings it in by the stage runner of production. */
  bring(batch: WarehouseBatch): Promise<Place['attempt']>;
  /** All rows by the vendor's own client, as text, without Reefline's own columns; none when there is no table. */
  rows(): Promise<readonly (readonly string[])[]>;
}

export interface WarehouseUnderTest {
  readonly answers: Subject['answers'];
  /** Most bytes of a text, or, where longer ones fit as well, of the longest that is brought here. */
  readonly longestText: number;
  readonly longerText?: 'fits';
  /** Rows go in by their key, id: then the table already has rows of an earlier label, one of which is replaced. */
  readonly merges?: boolean;
  table(names?: { readonly schema?: string; readonly table?: string }): Promise<WarehouseTable>;
}

const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };
const ROWS = [
  [1, 'a'],
  [2, `b's "quoted", with; a comma`],
  [3, 'ü 🐟'],
];
/** In a table that is merged into, a row with one of the keys and a row with none of them. */
const EARLIER = [
  [2, 'older'],
  [9, 'kept'],
];
const EARLIER_LABEL = labelOf('20010105070000');

export function warehouseChecks(open: () => WarehouseUnderTest): Checks {
  const place = async (): Promise<Place> => {
    const table = await open().table();
    if (open().merges === true)
      await arrives(table, { columns: [ID, NOTE], rows: EARLIER, timelabel: EARLIER_LABEL });
    const attempt = await table.bring({ columns: [ID, NOTE], rows: ROWS });
    const { bring: _bring, rows, ...about } = table;
    return { ...about, attempt, state: rows };
  };
  const play = async (table: WarehouseTable, batch: WarehouseBatch): Promise<unknown> => {
    const ended = await attemptAt({ words: [], attempt: await table.bring(batch), state: table.rows });
    return ended.failure;
  };
  const arrives = async (table: WarehouseTable, batch: WarehouseBatch): Promise<void> => {
    const attempt = await table.bring(batch);
    mustSucceed(await attemptAt({ words: [], attempt, state: table.rows }));
    expect(await table.rows()).toEqual(batch.rows.map((row) => row.map(String)));
  };
  return {
    ...stepChecks({ place, answers: (...asked) => open().answers(...asked) }),
    'wrong schema': async () => {
      const table = await open().table();
      await arrives(table, { columns: [ID, NOTE], rows: ROWS });
      const retyped = { ...NOTE, type: { kind: 'int64' as const } };
      const failure = await play(table, { columns: [ID, retyped], rows: [[4, 4]], revision: 2 });
      expect([classOf(failure), String(failure)]).toEqual([
        'data_error',
        expect.stringMatching(/\bnote\b/iu),
      ]);
      expect(await table.rows()).toHaveLength(ROWS.length);
    },
    'empty batch': async () => {
      const table = await open().table();
      await arrives(table, { columns: [ID, NOTE], rows: [] });
    },
    'huge row': async () => {
      const { table, longestText, longerText } = open();
      await arrives(await table(), { columns: [ID, NOTE], rows: [[1, 'x'.repeat(longestText)]] });
      if (longerText === 'fits') return;
      const refusing = await table();
      const failure = await play(refusing, { columns: [ID, NOTE], rows: [[1, 'é'.repeat(longestText)]] });
      expect([classOf(failure), String(failure)]).toEqual([
        'data_error',
        expect.stringMatching(/\bnote\b/iu),
      ]);
      expect(await refusing.rows()).toEqual([]);
    },
    'unicode identifiers': async () => {
      const columns = [ID, ...UNICODE.map((name) => ({ ...NOTE, name }))];
      await arrives(await open().table({ table: 'bestände_表' }), { columns, rows: [[1, 'a', 'b', 'ü']] });
    },
    'injection through names': async () => {
      const victim = await open().table({ table: 'victim' });
      await arrives(victim, { columns: [ID, NOTE], rows: ROWS });
      const columns = [ID, ...HOSTILE.map((name) => ({ ...NOTE, name }))];
      await arrives(await open().table(), { columns, rows: [[1, ...HOSTILE]] });
      for (const name of [`x"; drop table victim; --`, 'a.b', '../x']) {
        const refused = await play(await open().table({ table: name }), { columns: [ID], rows: [[1]] });
        expect([name, classOf(refused)]).toEqual([name, 'invalid_config']);
      }
      expect(await victim.rows()).toHaveLength(ROWS.length);
    },
  };
}
