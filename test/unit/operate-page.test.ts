import { test } from '@jest/globals';
import { METRICS } from '../../activities/metrics.ts';
import { expectTables } from '../support/written-page.ts';

test('the page lists every metric as it is', () => {
  expectTables('operate.md', {
    metrics: {
      titles: ['metric', 'kind', 'labels', 'says'],
      rows: Object.entries(METRICS).map(([name, { kind, labels, help }]) => [
        `\`${name}\``,
        kind,
        labels.map((label) => `\`${label}\``).join(', '),
        help,
      ]),
    },
  });
});
