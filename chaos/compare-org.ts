import { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';

/** What an org takes of the amount of a day, as the checker knows it. */
const MOST_AMOUNT = 9_999;

/** A day of the source as the org should know it. */
export interface DayLine {
  readonly day: string;
  readonly orders: number;
  readonly amount: number;
}

/** Where the org's records lie, and where refused rows are kept. */
export interface OrgTables {
  /** The org's SQLite file. */
  readonly crm: string;
  readonly warehouse: pg.Pool;
  readonly catalog: pg.Pool;
}

/** The records of one pipeline's days, and the rows of its newest publications that the org refused. */
export async function compareOrg(
  tables: OrgTables,
  name: string,
  days: readonly DayLine[],
): Promise<string[]> {
  const records = readRecords(tables.crm, `${name.toUpperCase()}_Day__c`);
  return [...wrongRecords(days, records), ...wrongRefusals(days, await readRefused(tables, name))];
}

/** A day that the org refuses keeps the record that it had before, or none. */
export function wrongRecords(days: readonly DayLine[], records: ReadonlyMap<string, string>): string[] {
  const known = new Set(days.map(({ day }) => day));
  return [
    ...days
      .filter((line) => isTaken(line) && records.get(line.day) !== textOf(line))
      .map(
        (line) =>
          `Salesforce has ${records.get(line.day) ?? 'nothing'} for ${line.day}, and the source ${textOf(line)}`,
      ),
    ...[...records.keys()]
      .filter((day) => !known.has(day))
      .map((day) => `Salesforce has a record of ${day}, and the source has none`),
  ];
}

/** `refused`: the days whose rows are kept as refused by the newest publication of their label. */
export function wrongRefusals(days: readonly DayLine[], refused: readonly string[]): string[] {
  return days.flatMap((line) => {
    const count = refused.filter((day) => day === line.day).length;
    const wanted = isTaken(line) ? 0 : 1;
    return count === wanted
      ? []
      : [`the refused row of ${line.day} is kept ${String(count)} times instead of ${String(wanted)}`];
  });
}

function isTaken({ amount }: DayLine): boolean {
  return Math.abs(amount) <= MOST_AMOUNT;
}

function textOf({ orders, amount }: DayLine): string {
  return `${String(orders)} orders of ${String(amount)}`;
}

function readRecords(file: string, object: string): ReadonlyMap<string, string> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = db.prepare(`SELECT Day__c, Orders__c, Amount__c FROM "${object}"`).all() as Readonly<
      Record<'Day__c' | 'Orders__c' | 'Amount__c', string>
    >[];
    return new Map(
      rows.map((row) => [
        row.Day__c,
        textOf({ day: row.Day__c, orders: Number(row.Orders__c), amount: Number(row.Amount__c) }),
      ]),
    );
  } finally {
    db.close();
  }
}

async function readRefused({ warehouse, catalog }: OrgTables, name: string): Promise<readonly string[]> {
  const { rows: newest } = await catalog.query<{ label: string }>(
    `select timelabel || '/' || max(revision) as label from reefline.stage_run where stage = $1 and status = 'SUCCESS' group by timelabel`,
    [`${name}.to_crm`],
  );
  const { rows: there } = await warehouse.query<{ there: boolean }>(
    `select to_regclass('reefline.failed_rows') is not null as there`,
  );
  if (there[0]?.there !== true) return [];
  const { rows } = await warehouse.query<{ day: string }>(
    `select row_key as day from reefline.failed_rows where dataset = $1 and reefline_timelabel || '/' || revision = any($2)`,
    [`crm.sobjects.${name.toUpperCase()}_Day__c`, newest.map(({ label }) => label)],
  );
  return rows.map(({ day }) => day);
}
