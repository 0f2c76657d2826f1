import { expect } from '@jest/globals';
import type { Column } from '../../../pipeline/column.ts';
import { attemptAt, classOf, mustSucceed, type Place, type Subject } from '../attempts.ts';
import type { Checks } from '../contract.ts';
import { stepChecks } from '../steps.ts';

/** A staged batch that a catalog is asked to show. */
export interface CatalogBatch {
  readonly columns: readonly Column[];
  readonly files: number;
  readonly revision?: number;
  /** Dataset that the manifest names when it is not the one of the event. */
  readonly manifestOf?: string;
}

/** What a reader of a label finds in the catalog. */
export interface ShownLabel {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
  /** Folder of its files, below the table's own. */
  readonly folder: string;
}

/** A table of a catalog that no other test uses. */
export interface CatalogTable {
  readonly words: readonly string[];
  /** Stages a batch for the label and answers what registers it by the stage runner of production. */
  stage(batch: CatalogBatch): Promise<Place['attempt']>;
  /** By the vendor's own client; undefined when the label is not there. */
  shown(): Promise<ShownLabel | undefined>;
}

export interface CatalogUnderTest {
  readonly answers: Subject['answers'];
  /** `hostile` names go into the dataset as they are. */
  table(names?: { readonly schema?: string; readonly table?: string }): Promise<CatalogTable>;
  /** Makes a table of this name by the vendor's own client, partitioned by something else. */
  strangeTable(): Promise<CatalogTable>;
  /** Spelling of a neutral type. */
  readonly int64: string;
}

const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const COLUMNS: readonly Column[] = [
  ID,
  { name: 'delay', type: { kind: 'decimal', precision: 6, scale: 1 }, nullable: true },
];
const HOSTILE = [`x"; drop table victim; --`, "o'brien", 'back`tick', 'a.b', '${env:SECRET}', '<tag>&amp;'];

export function catalogChecks(open: () => CatalogUnderTest): Checks {
  const place = async (): Promise<Place> => {
    const table = await open().table();
    const attempt = await table.stage({ columns: COLUMNS, files: 2 });
    return { words: table.words, attempt, state: async () => (await table.shown()) ?? 'nothing' };
  };
  const registered = async (columns: readonly Column[], names = {}): Promise<ShownLabel | undefined> => {
    const table = await open().table(names);
    const ended = await attemptAt({
      words: [],
      attempt: await table.stage({ columns, files: 1 }),
      state: table.shown,
    });
    mustSucceed(ended);
    return table.shown();
  };
  return {
    ...stepChecks({ place, answers: (...asked) => open().answers(...asked) }),
    'wrong schema': async () => {
      const table = await open().table();
      const good = await table.stage({ columns: COLUMNS, files: 1 });
      await attemptAt({ words: [], attempt: good, state: table.shown });
      const before = await table.shown();
      const retyped = await table.stage({
        columns: [{ ...ID, type: { kind: 'text' } }],
        files: 1,
        revision: 2,
      });
      const stranger = await table.stage({
        columns: COLUMNS,
        files: 1,
        manifestOf: 'lake.shop.others',
        revision: 2,
      });
      for (const attempt of [retyped, stranger]) {
        const { failure } = await attemptAt({ words: [], attempt, state: table.shown });
        expect(classOf(failure)).toBe('data_error');
        expect(await table.shown()).toEqual(before);
      }
      const strange = await open().strangeTable();
      const refused = await attemptAt({
        words: [],
        attempt: await strange.stage({ columns: COLUMNS, files: 1 }),
        state: strange.shown,
      });
      expect(classOf(refused.failure)).toBe('invalid_config');
    },
    'empty batch': async () => {
      const table = await open().table();
      const attempt = await table.stage({ columns: COLUMNS, files: 0 });
      const ended = await attemptAt({ words: [], attempt, state: table.shown });
      expect(ended).toMatchObject({ failure: undefined, result: { rows: 0 } });
      expect(await table.shown()).toMatchObject({ rows: 0 });
    },
    'huge row': async () => {
      const columns = Array.from({ length: 400 }, (_, at) => ({
        ...ID,
        name: `column_${String(at)}_of_a_wide_table`,
      }));
      const shown = await registered(columns);
      expect(shown?.columns).toEqual(columns.map(({ name }) => ({ name, type: open().int64 })));
    },
    'unicode identifiers': async () => {
      const names = ['größe', 'имя', '表の列', 'emoji 🐟'];
      const shown = await registered(
        names.map((name) => ({ ...ID, name })),
        { schema: 'lager_über', table: 'Bestände_表' },
      );
      expect(shown?.columns.map(({ name }) => name)).toEqual(names);
    },
    'injection through names': async () => {
      const shown = await registered(HOSTILE.map((name) => ({ ...ID, name })));
      expect(shown?.columns.map(({ name }) => name)).toEqual(HOSTILE.map((name) => name.toLowerCase()));
      for (const table of [`x'; drop table y; --`, '../other', 'a.b']) {
        const hostile = await open().table({ table });
        const attempt = await hostile.stage({ columns: COLUMNS, files: 1 });
        const ended = await attemptAt({ words: [], attempt, state: hostile.shown });
        expect([classOf(ended.failure), ended.wire.steps]).toEqual(['invalid_config', []]);
      }
    },
  };
}
