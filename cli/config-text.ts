import type { ConfigVersion, HistoryEntry } from '../catalog/config-history.ts';
import type { CliContext } from './context.ts';
import { isoMinutes } from './moments.ts';
import { table, type Column } from './table.ts';
import { describeProject } from './validate-lines.ts';

const COLUMNS: readonly Column[] = [
  { title: 'version', right: true },
  { title: 'applied' },
  { title: 'by' },
  { title: 'checksum' },
  { title: 'changes' },
  { title: 'note' },
];

/** Config versions in the order given, one a line: `+2 ~1 -0` is 2 things added, 1 changed, none removed. */
export function historyText(
  screen: Pick<CliContext, 'columns' | 'paint'>,
  history: readonly HistoryEntry[],
): string {
  if (history.length === 0) return 'No config version was applied yet. "reefline apply" applies the first.';
  return table(
    screen,
    COLUMNS,
    history.map((entry) => [
      String(entry.version),
      isoMinutes(entry.appliedAt),
      entry.appliedBy,
      shortChecksum(entry),
      `+${String(entry.changes.added)} ~${String(entry.changes.changed)} -${String(entry.changes.removed)}`,
      [entry.inForce ? 'in force' : '', rollbackText(entry), entry.note ?? '']
        .filter((text) => text !== '')
        .join('; '),
    ]),
  );
}

/** A config version: what is known of it, and its project as it is understood. */
export function versionText(version: ConfigVersion): string {
  const facts = [rollbackText(version), version.note ?? ''].filter((text) => text !== '');
  return [
    `Config version ${String(version.version)}, applied ${isoMinutes(version.appliedAt)} by ${version.appliedBy}, checksum ${shortChecksum(version)}`,
    ...facts,
    '',
    describeProject(version.project).trimEnd(),
  ].join('\n');
}

function shortChecksum({ checksum }: { readonly checksum: string }): string {
  return checksum.slice(0, 12);
}

function rollbackText({ rollbackOf }: { readonly rollbackOf: number | null }): string {
  return rollbackOf === null ? '' : `back to version ${String(rollbackOf)}`;
}
