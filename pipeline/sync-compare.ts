import type { Column, ColumnType } from './column.ts';
import type { Timelabel } from './timelabel.ts';

/** A key as a row holds it: one text per column, null for NULL. */
export type RowKey = readonly (string | null)[];

/** The keys of a label that one side has and the other lacks. */
export interface KeyDifference {
  readonly timelabel: Timelabel;
  /** Rows that the warehouse holds and the source has deleted or moved to another time. */
  readonly lostDeletes: readonly RowKey[];
  /** Rows at the source that the warehouse never got, or lost. */
  readonly lostInserts: readonly RowKey[];
}

/**
 * Compares the keys of some labels: first all of the source, then all of the warehouse. Memory holds the keys of these
 * labels at the source, and what differs.
 */
export class KeyComparison {
  readonly #source = new Map<Timelabel, Map<string, boolean>>();
  readonly #onlyInWarehouse = new Map<Timelabel, Set<string>>();
  /** Distinct keys of each side. */
  keysAtSource = 0;

  addSource(label: Timelabel, key: RowKey): void {
    let keys = this.#source.get(label);
    if (keys === undefined) this.#source.set(label, (keys = new Map<string, boolean>()));
    const code = encode(key);
    if (keys.has(code)) return;
    keys.set(code, false);
    this.keysAtSource += 1;
  }

  /** `rowLabel` is what the row says; `label` is the label at the source that the row must be in. */
  addWarehouse(label: Timelabel, key: RowKey, rowLabel: Timelabel = label): void {
    const keys = this.#source.get(label);
    const code = encode(key);
    if (keys?.has(code) === true) {
      keys.set(code, true);
      return;
    }
    let missing = this.#onlyInWarehouse.get(rowLabel);
    if (missing === undefined) this.#onlyInWarehouse.set(rowLabel, (missing = new Set<string>()));
    missing.add(code);
  }

  /** The labels that differ, sorted. */
  differences(): readonly KeyDifference[] {
    const inserts = new Map(
      [...this.#source].map(([label, keys]) => [
        label,
        [...keys].filter(([, found]) => !found).map(([code]) => decode(code)),
      ]),
    );
    const labels = new Set([...inserts.keys(), ...this.#onlyInWarehouse.keys()]);
    return [...labels]
      .sort()
      .map((timelabel) => ({
        timelabel,
        lostDeletes: [...(this.#onlyInWarehouse.get(timelabel) ?? [])].map(decode),
        lostInserts: inserts.get(timelabel) ?? [],
      }))
      .filter(({ lostDeletes, lostInserts }) => lostDeletes.length + lostInserts.length > 0);
  }
}

/** Most keys have one column; no text of a database begins with NUL, which therefore marks the others. */
function encode(key: RowKey): string {
  const [first] = key;
  return key.length === 1 && typeof first === 'string' ? first : `\u0000${JSON.stringify(key)}`;
}

function decode(code: string): RowKey {
  return code.startsWith('\u0000') ? (JSON.parse(code.slice(1)) as RowKey) : [code];
}

/** `17`, or of several columns `(DE, 17)`. */
export function keyText(key: RowKey): string {
  const parts = key.map((part) => part ?? 'NULL');
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(', ')})`;
}

/** Why a column cannot identify a row in two databases; undefined when it can. */
export function keyProblem({ name, type }: Pick<Column, 'name' | 'type'>): string | undefined {
  switch (type.kind) {
    case 'float32':
    case 'float64':
    case 'json':
    case 'binary':
      return `Column "${name}" is of type ${type.kind}, whose values two databases do not write alike. Name other key columns.`;
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'decimal':
    case 'date':
    case 'text':
    case 'uuid':
    case 'timestamp':
      return undefined;
  }
}

/**
 * A value of a key in the one way in which both databases are read. `padded`: the column is of type char, whose
 * trailing blanks mean nothing.
 */
export function canonicalPart(type: ColumnType, padded: boolean, text: string | null): string | null {
  if (text === null) return null;
  switch (type.kind) {
    case 'decimal':
      return text.includes('.') ? text.replace(/\.?0+$/, '').replace(/^-0$/, '0') : text;
    case 'timestamp':
      return text
        .replace(/\+00$/, '')
        .replace(/(:\d\d)\.(\d*?)0*$/, (_, seconds: string, digits: string) =>
          digits === '' ? seconds : `${seconds}.${digits}`,
        );
    case 'boolean':
      return text.startsWith('t') ? 'true' : 'false';
    case 'uuid':
      return text.toLowerCase();
    case 'text':
      return padded ? text.replace(/ +$/, '') : text;
    case 'int16':
    case 'int32':
    case 'int64':
    case 'date':
    case 'float32':
    case 'float64':
    case 'json':
    case 'binary':
      return text;
  }
}
