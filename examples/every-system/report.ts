import { table } from '../flights/report.ts';
import type { Verified } from './verification.ts';

const DIFFERENCES_SHOWN = 20;

/** The table of systems, why something was left out, and what differs. */
export function verifiedLines(
  verified: readonly Verified[],
  leftOut: ReadonlyMap<string, string>,
): readonly string[] {
  const differences = verified.flatMap((line) => line.differences);
  const rest = differences.length - DIFFERENCES_SHOWN;
  const missing = verified.filter(({ rows }) => rows === null).length;
  return [
    ...table(
      ['system', 'does', 'dataset', 'rows', 'verified'],
      verified.map((line) => [
        line.system,
        line.does,
        line.dataset,
        line.rows === null ? '' : line.rows.toLocaleString('en-US'),
        resultOf(line),
      ]),
    ),
    ...[...leftOut].map(([connection, reason]) => `left out: what comes from ${connection}. ${reason}`),
    ...differences.slice(0, DIFFERENCES_SHOWN).map((difference) => `  difference: ${difference}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    '',
    `verified: ${verified.length - missing} places, ${missing} left out; ${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`,
  ];
}

function resultOf({ rows, does, differences }: Verified): string {
  if (rows === null) return 'left out';
  if (differences.length > 0)
    return `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`;
  return does === 'source' ? 'compared with' : 'ok';
}
