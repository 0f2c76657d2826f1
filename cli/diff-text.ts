import type { ConfigDiff, ItemsDiff } from '../pipeline/config-diff.ts';
import type { FieldChange } from '../pipeline/value-diff.ts';
import type { Style, CliContext } from './context.ts';

type Paint = Pick<CliContext, 'paint'>['paint'];

/** What tells two projects apart, a line per thing that comes (`+`), goes (`-`) or changes (`~`), its fields below it. */
export function diffText(diff: ConfigDiff, paint: Paint): string {
  const lines = [
    ...itemLines('pipeline', diff.pipelines, paint),
    ...itemLines('stage', diff.stages, paint),
    ...diff.renamed.map(
      ({ from, to }) =>
        `  ${to} has the definition of ${from}, which is removed: it looks like a new name. Labels are kept by stage, so those of ${from} stay with that name and ${to} begins without any.`,
    ),
    ...itemLines('connection', diff.connections, paint),
    ...itemLines('endpoint', diff.endpoints, paint),
    ...itemLines('dataset', diff.datasets, paint),
    ...itemLines('inbound source', diff.inbound, paint),
    ...diff.settings.flatMap((change) => [
      paint('yellow', `~ ${change.field}`),
      ...changeLines({ ...change, field: 'value' }, paint),
    ]),
  ];
  return lines.join('\n');
}

function itemLines(kind: string, { added, removed, changed }: ItemsDiff, paint: Paint): readonly string[] {
  return [
    ...added.map((id) => paint('green', `+ ${kind} ${id}`)),
    ...changed.flatMap(({ id, changes }) => [
      paint('yellow', `~ ${kind} ${id}`),
      ...changes.flatMap((change) => changeLines(change, paint)),
    ]),
    ...removed.map((id) => paint('red', `- ${kind} ${id}`)),
  ];
}

function changeLines({ field, before, after, lines }: FieldChange, paint: Paint): readonly string[] {
  if (lines === undefined) return [`    ${field}: ${before ?? '(none)'} -> ${after ?? '(none)'}`];
  return [`    ${field}:`, ...lines.map((line) => `      ${paintLine(line, paint)}`)];
}

const STYLES: Readonly<Record<string, Style>> = { '+': 'green', '-': 'red', '@': 'cyan' };

function paintLine(line: string, paint: Paint): string {
  const style = STYLES[line[0] ?? ''];
  return style === undefined ? line : paint(style, line);
}
