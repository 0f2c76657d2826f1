import type { SchemaVersion } from '../catalog/schema-history.ts';
import { describeType, type Column } from '../pipeline/column.ts';
import type { ColumnDifference } from '../pipeline/schema-change.ts';
import { typeChange } from '../pipeline/type-change.ts';
import type { CliContext } from './context.ts';
import { isoMinutes } from './moments.ts';
import { table } from './table.ts';

/** How the columns of a dataset came to be what they are: `+` added, `-` gone, `~` of another type; the newest first. */
export function schemaHistoryText(
  screen: Pick<CliContext, 'columns' | 'paint'>,
  history: readonly SchemaVersion[],
): string {
  return history
    .map((version) => {
      const head = `Version ${String(version.version)}, seen ${isoMinutes(version.seenAt)} by the run of ${version.timelabel}, revision ${String(version.revision)}`;
      const rows = version.changes.flatMap(changeRows);
      const lines = table(screen, [{ title: '' }, { title: '' }, { title: '' }], rows).split('\n');
      return [head, ...lines.map((line) => `  ${line}`)].join('\n');
    })
    .join('\n\n');
}

function changeRows({ change, before, after }: ColumnDifference): string[][] {
  const names = (columns: readonly Column[]): ReadonlySet<string> => new Set(columns.map(({ name }) => name));
  switch (change) {
    case 'TABLE_ADDED':
      return after.map((column) => ['+', column.name, typeText(column)]);
    case 'COLUMN_ADDED':
      return missingIn(names(before), after).map((column) => ['+', column.name, typeText(column)]);
    case 'COLUMN_REMOVED':
      return missingIn(names(after), before).map((column) => ['-', column.name, typeText(column)]);
    case 'COLUMN_TYPE_CHANGED':
      return after.flatMap((column) => {
        const old = before.find(({ name }) => name === column.name);
        if (old === undefined || describeType(old.type) === describeType(column.type)) return [];
        const change = typeChange(old.type, column.type);
        return [['~', column.name, `${describeType(old.type)} -> ${describeType(column.type)}, ${change}`]];
      });
  }
}

function missingIn(names: ReadonlySet<string>, columns: readonly Column[]): readonly Column[] {
  return columns.filter(({ name }) => !names.has(name));
}

function typeText({ type, nullable }: Column): string {
  return `${describeType(type)}${nullable ? '' : ', never NULL'}`;
}
