import type { Row } from '../flights/row-differences.ts';
import type { ReceivedEvent } from './verification.ts';

/** What checks have told the customers: a row for each assertion and label, by the dataset of the check. */
export function checkResults(events: readonly ReceivedEvent[]): ReadonlyMap<string, readonly Row[]> {
  const results = new Map<string, Row[]>();
  for (const { dataset, timelabel, checks = [] } of events)
    for (const { name, severity, violations } of checks) {
      const rows = results.get(dataset) ?? [];
      rows.push({ timelabel, assertion: name, severity, violations: String(violations) });
      results.set(dataset, rows);
    }
  return results;
}
