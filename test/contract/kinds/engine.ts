import { expect } from '@jest/globals';
import type { Timelabel } from '../../../pipeline/timelabel.ts';
import { attemptAt, classOf, mustSucceed, type Place, type Subject } from '../attempts.ts';
import type { Checks } from '../contract.ts';
import { labelOf } from '../runs.ts';
import { stepChecks } from '../steps.ts';

/** What a reader of a table finds: the names of its columns in the catalog, and its rows as text. */
export interface EngineRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Which run asks; the first one of the contract's label when absent. */
export interface EngineRun {
  readonly revision?: number;
  readonly timelabel?: Timelabel;
}

/** A table that is filled by a SELECT and that no other test uses. */
export interface EngineTable {
  readonly words: readonly string[];
  readonly looks?: RegExp;
  /** Answers what runs the SELECT for the label by the stage runner of production. */
  transform(select: string, run?: EngineRun): Place['attempt'];
  /** By the vendor's own client, without Reefline's own columns, in the order of the first column. */
  shown(): Promise<EngineRows | 'nothing'>;
}

export interface EngineUnderTest {
  readonly answers: Subject['answers'];
  /** The rows of a run become the whole table: then it already shows those of an earlier label, all of which go. */
  readonly replaces?: boolean;
  table(name?: string): Promise<EngineTable>;
  /** A SELECT of one row, id 1, whose column `note` has so many letters. */
  longText(letters: number): string;
  /** Letters of the longest text that is brought here, and of a SELECT that is too long to be asked. */
  readonly letters: number;
  readonly tooLongSelect: number;
}

const ROWS: readonly (readonly string[])[] = [
  ['1', 'a'],
  ['2', `b's "quoted", with; a comma`],
  ['3', 'ü 🐟'],
];
/** In a table that is replaced, a row with one of the keys and a row with none of them. */
const EARLIER: typeof ROWS = [
  ['2', 'older'],
  ['9', 'gone'],
];
const EARLIER_LABEL = labelOf('20010105070000');
const UNICODE = ['größe', 'имя', '表の列'];
const HOSTILE = [`x"; drop table victim; --`, "o'brien", 'a.b', '${env:secret}', 'select'];

export function engineChecks(open: () => EngineUnderTest): Checks {
  /** A table as the run of the contract's label finds it. */
  const before = async (): Promise<EngineTable> => {
    const table = await open().table();
    if (open().replaces === true) await arrives(table, ['id', 'note'], EARLIER, { timelabel: EARLIER_LABEL });
    return table;
  };
  const place = async (): Promise<Place> => {
    const table = await before();
    return {
      words: table.words,
      ...(table.looks === undefined ? {} : { looks: table.looks }),
      attempt: outcomeOf(table.transform(selectOf(['id', 'note'], ROWS))),
      state: table.shown,
    };
  };
  const play = async (table: EngineTable, select: string, run?: EngineRun): Promise<unknown> => {
    const attempt = table.transform(select, run);
    return (await attemptAt({ words: [], attempt, state: table.shown })).failure;
  };
  const arrives = async (
    table: EngineTable,
    names: readonly string[],
    rows = ROWS,
    run: EngineRun = {},
  ): Promise<void> => {
    const attempt = table.transform(selectOf(names, rows), run);
    mustSucceed(await attemptAt({ words: [], attempt, state: table.shown }));
    expect(await table.shown()).toEqual({ columns: names, rows });
  };
  return {
    ...stepChecks({ place, answers: (...asked) => open().answers(...asked) }),
    'wrong schema': async () => {
      const table = await open().table();
      await arrives(table, ['id', 'note']);
      const intact = await table.shown();
      for (const [select, expected] of [
        [`SELECT 'one' AS id, 'a' AS note`, 'data_error'],
        ['SELECT * FROM reefline_contract_nowhere.nothing', 'not_found'],
        ['SELECT no_such_column AS id', 'invalid_config'],
        ['SELEKT 1 AS id', 'invalid_config'],
      ] as const) {
        const failure = await play(table, select, { revision: 2 });
        expect([select, classOf(failure)]).toEqual([select, expected]);
        expect(await table.shown()).toEqual(intact);
      }
    },
    'empty batch': async () => {
      const table = await before();
      const attempt = table.transform(`SELECT 1 AS id, 'a' AS note WHERE 1 = 0`);
      const ended = await attemptAt({ words: [], attempt, state: table.shown });
      expect(ended).toMatchObject({ failure: undefined, result: { rows: 0 } });
      expect(await table.shown()).toEqual({ columns: ['id', 'note'], rows: [] });
    },
    'huge row': async () => {
      const { table: make, longText, letters, tooLongSelect } = open();
      const table = await make();
      mustSucceed(
        await attemptAt({ words: [], attempt: table.transform(longText(letters)), state: table.shown }),
      );
      const shown = await table.shown();
      expect(shown === 'nothing' ? shown : shown.rows.map(([, note]) => note?.length)).toEqual([letters]);
      const refusing = await make();
      const failure = await play(refusing, `SELECT 1 AS id, '${'x'.repeat(tooLongSelect)}' AS note`);
      expect(classOf(failure)).toBe('invalid_config');
      expect(await refusing.shown()).toBe('nothing');
    },
    'unicode identifiers': async () =>
      arrives(await open().table('bestände_表'), ['id', ...UNICODE], [['1', 'a', 'b', 'ü']]),
    'injection through names': async () => {
      const victim = await open().table('victim');
      await arrives(victim, ['id', 'note']);
      const hostile = await open().table();
      const rows = [['1', ...HOSTILE]];
      const failure = await play(hostile, selectOf(['id', ...HOSTILE], rows));
      // Names of columns stand in the author's own SQL: those that the engine does not read are refused with it.
      if (failure === undefined) expect(await hostile.shown()).toEqual({ columns: ['id', ...HOSTILE], rows });
      else expect([classOf(failure), await hostile.shown()]).toEqual(['invalid_config', 'nothing']);
      for (const name of [`x"; drop table victim; --`, 'a.b', '../x']) {
        const refused = await play(await open().table(name), selectOf(['id', 'note'], ROWS));
        expect([name, classOf(refused)]).toEqual([name, 'invalid_config']);
      }
      expect(await victim.shown()).toEqual({ columns: ['id', 'note'], rows: ROWS });
    },
  };
}

/** Where the rows lie is a matter of which submission of the query wrote them; what they are is not. */
function outcomeOf(attempt: Place['attempt']): Place['attempt'] {
  return async (tools) => {
    const { rows, columns } = (await attempt(tools)) as { rows: number; columns: unknown };
    return { rows, columns };
  };
}

/** The first column is a whole number, the others are texts. */
function selectOf(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const values = rows.map(([id = '', ...texts]) => `(${[id, ...texts.map(literal)].join(', ')})`);
  const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
  return `SELECT * FROM (VALUES ${values.join(', ')}) AS v (${quoted.join(', ')})`;
}
