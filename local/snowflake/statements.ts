import type pg from 'pg';
import type { StatementProcess } from '../statement-process.ts';
import { runCommand } from './account-commands.ts';
import type { AccountStore } from './account-store.ts';
import { parseBlock, withVariables, type BlockStatement } from './block.ts';
import { bucketOf, isCopyInto, parseCopyInto } from './copy-into.ts';
import type { CsvCopy } from './copy-csv.ts';
import type { ParquetCopy } from './copy-parquet.ts';
import type { Databases } from './databases.ts';
import { Fault } from './fault.ts';
import { findTable } from './physical-table.ts';
import type { QueryStore } from './query-store.ts';
import { keepRows, runStatement, type Result } from './result.ts';
import type { Session } from './session.ts';
import { faultOf } from './sql-error.ts';
import { blockIn, refuseSeveral, transactionCommand } from './statement-kind.ts';
import { inTransaction, setTransaction } from './transactions.ts';
import { translate, type Translated } from './translate.ts';

/** Parts of the service that statements use. */
export interface Engine {
  readonly account: AccountStore;
  readonly queries: QueryStore;
  readonly databases: Databases;
  readonly parquet: ParquetCopy;
  readonly csv: CsvCopy;
}

/** Where a statement stands: its session and query, and whether its rows are kept as that query's result. */
export interface Place {
  readonly session: Session;
  readonly id: string;
  readonly signal: AbortSignal;
  readonly process: StatementProcess;
  readonly keep: boolean;
}

export interface Outcome {
  readonly result: Result;
  /** Tells the client how to read the result. */
  readonly type: number;
}

export const STATEMENT_TYPES: Readonly<Record<Translated['kind'], number>> = {
  query: 0x1000,
  insert: 0x3100,
  update: 0x3200,
  delete: 0x3300,
  merge: 0x3400,
  ddl: 0x6000,
};
const CHANGED: Readonly<Record<string, string>> = {
  insert: 'number of rows inserted',
  update: 'number of rows updated',
  delete: 'number of rows deleted',
  merge: 'number of rows inserted',
};
const DONE = [['Statement executed successfully.']];

/** Runs statements and blocks of statements. */
export class Statements {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The columns that a SELECT would return. */
  async describe({ session, id }: Place, sql: string): Promise<Outcome> {
    const { sqls, kind } = translate(sql, session);
    const client = await session.client();
    const text = `SELECT * FROM (${sqls[0] ?? ''}\n) AS described LIMIT 0`;
    const result = await runStatement(client, text, { store: this.#engine.queries, id });
    return { result, type: STATEMENT_TYPES[kind] };
  }

  async run(place: Place, sql: string): Promise<Outcome> {
    const { session } = place;
    const { account, databases } = this.#engine;
    const block = blockIn(sql);
    if (block !== undefined) return this.#block(place, block);
    refuseSeveral(sql);
    const transaction = transactionCommand(sql);
    if (transaction !== undefined) {
      await setTransaction(session, transaction);
      return this.#said(place, ['status'], DONE);
    }
    const command = await runCommand(sql, session, account, databases);
    if (command !== undefined) return this.#said(place, command.columns, command.rows);
    session.requireWarehouse();
    return isCopyInto(sql) ? this.#copyInto(place, sql) : this.#translated(place, sql);
  }

  async #translated(place: Place, sql: string): Promise<Outcome> {
    const { session, id, keep } = place;
    const translated = translate(sql, session);
    const client = await session.client();
    place.process.enter(client);
    const kept = keep && translated.kind === 'query' ? { store: this.#engine.queries, id } : undefined;
    const result = await inTransaction(session, translated, () => runAll(client, translated.sqls, kept));
    const type = STATEMENT_TYPES[translated.kind];
    if (translated.kind === 'query') return { result, type };
    const changed = CHANGED[translated.kind];
    const said =
      changed === undefined
        ? this.#said(place, ['status'], DONE)
        : this.#said(place, [changed], [[String(result.changed)]]);
    return { ...said, type };
  }

  #said(
    { id, keep }: Place,
    columns: readonly string[],
    rows: readonly (readonly (string | null)[])[],
  ): Outcome {
    const result = keep
      ? keepRows(this.#engine.queries, id, columns, rows)
      : { rowType: [], rows: rows.length, first: rows[0]?.[0] ?? null, changed: 0 };
    return { result, type: STATEMENT_TYPES.query };
  }

  async #copyInto(place: Place, sql: string): Promise<Outcome> {
    const { session } = place;
    const { account, parquet, csv } = this.#engine;
    const command = parseCopyInto(sql);
    const { bucket, folder } = bucketOf(command, (integration) =>
      account.has('integration', integration)
        ? (account.settings('integration', integration)['STORAGE_ALLOWED_LOCATIONS'] ?? '').split(',')
        : undefined,
    );
    const client = await session.client();
    place.process.enter(client);
    const table = await findTable(command.table, session);
    const rows: (string | null)[][] = [];
    await inTransaction(session, { kind: 'insert', locks: undefined }, async () => {
      for (const file of command.files) {
        const source = { bucket, key: `${folder}${file}` };
        const { format } = command;
        const loaded =
          format.kind === 'csv'
            ? await csv.load(client, format, table, source, place.signal)
            : await parquet.load(client, format, table, source, place.signal);
        rows.push([file, 'LOADED', String(loaded)]);
      }
    });
    return this.#said(place, ['file', 'status', 'rows_loaded'], rows);
  }

  async #block(place: Place, text: string): Promise<Outcome> {
    const { body, handler } = parseBlock(text);
    const variables = new Map<string, string | null>();
    let returned: string | null;
    try {
      returned = await this.#steps(place, body, variables);
    } catch (error) {
      // A query that is cancelled ends; no handler hears of it.
      if (place.signal.aborted) throw error;
      const fault = faultOf(error);
      if (handler === undefined)
        throw new Fault('100183', `Uncaught exception of type 'STATEMENT_ERROR' : ${fault.message}`, 'P0000');
      variables.set('SQLCODE', String(Number(fault.code)));
      variables.set('SQLERRM', fault.message);
      variables.set('SQLSTATE', fault.sqlState);
      returned = await this.#steps(place, handler, variables);
    }
    return this.#said(place, ['anonymous block'], [[returned]]);
  }

  async #steps(
    place: Place,
    steps: readonly BlockStatement[],
    variables: Map<string, string | null>,
  ): Promise<string | null> {
    const inner = { ...place, keep: false };
    for (const step of steps) {
      place.signal.throwIfAborted();
      switch (step.kind) {
        case 'return':
          return this.#value(inner, `SELECT ${withVariables(step.expression, variables, true)}`);
        case 'set': {
          const value = await this.#value(inner, `SELECT ${withVariables(step.expression, variables, true)}`);
          variables.set(step.variable, value);
          break;
        }
        case 'into':
          variables.set(step.variable, await this.#value(inner, withVariables(step.sql, variables, false)));
          break;
        case 'sql':
          await this.run(inner, withVariables(step.sql, variables, false));
          break;
      }
    }
    return null;
  }

  async #value(place: Place, sql: string): Promise<string | null> {
    const { result } = await this.run(place, sql);
    return result.first;
  }
}

async function runAll(
  client: pg.ClientBase,
  sqls: readonly string[],
  keep: Parameters<typeof runStatement>[2],
): Promise<Result> {
  for (const sql of sqls.slice(0, -1)) await client.query(sql);
  return runStatement(client, sqls.at(-1) ?? '', keep);
}
