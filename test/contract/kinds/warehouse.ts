import { expect } from '@jest/globals';
import type { Column } from '../../../pipeline/column.ts';
import { attemptAt, classOf, mustSucceed, type Place, type Subject } from '../attempts.ts';
import type { Checks } from '../contract.ts';
import { stepChecks } from '../steps.ts';

/** What a run brings: rows of texts and whole numbers, column by column. */
export interface WarehouseBatch {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly revision?: number;
}

/** A table of a warehouse that no other test uses. */
export interface WarehouseTable {
  readonly words: readonly string[];
  /** Makes the batch ready and answers what brings it in by the stage runner of production. */
  bring(batch: WarehouseBatch): Promise<Place['attempt']>;
  /** All rows by the vendor's own client, as text, without Reefline's own columns; none when there is no table. */
  rows(): Promise<readonly (readonly string[])[]>;
}

export interface WarehouseUnderTest {
  readonly answers: Subject['answers'];
  /** Most bytes of a text. */
  readonly longestText: number;
  table(names?: { readonly schema?: string; readonly table?: string }): Promise<WarehouseTable>;
}

const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };
const ROWS = [
  [1, 'a'],
  [2, `b's "quoted", with; a comma`],
  [3, 'ü 🐟'],
];
const UNICODE = ['größe', 'имя', '表の列'];
const HOSTILE = [`x"; drop table victim; --`, "o'brien", 'a.b', '${env:secret}', ':timelabel', 'select'];

export function warehouseChecks(open: () => WarehouseUnderTest): Checks {
  const place = async (): Promise<Place> => {
    const table = await open().table();
    const attempt = await table.bring({ columns: [ID, NOTE], rows: ROWS });
    return { words: table.words, attempt, state: table.rows };
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
      expect([classOf(failure), String(failure)]).toEqual(['data_error', expect.stringContaining('note')]);
      expect(await table.rows()).toHaveLength(ROWS.length);
    },
    'empty batch': async () => {
      const table = await open().table();
      await arrives(table, { columns: [ID, NOTE], rows: [] });
    },
    'huge row': async () => {
      const { table, longestText } = open();
      await arrives(await table(), { columns: [ID, NOTE], rows: [[1, 'x'.repeat(longestText)]] });
      const refusing = await table();
      const failure = await play(refusing, { columns: [ID, NOTE], rows: [[1, 'é'.repeat(longestText)]] });
      expect([classOf(failure), String(failure)]).toEqual(['data_error', expect.stringContaining('note')]);
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
