import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { METRICS, type MetricName } from '../../activities/metrics.ts';
import { createContext } from '../../cli/context.ts';
import { buildProgram } from '../../cli/program.ts';
import { ENDPOINT_HEALTHS } from '../../pipeline/endpoint-health.ts';
import { FAILURE_CLASSES } from '../../pipeline/failure.ts';
import { OUTCOMES } from '../../pipeline/outcome.ts';
import { testTerminal } from '../support/cli-terminal.ts';
import { namesIn } from '../support/promql.ts';
import { expectTables } from '../support/written-page.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly command: string };
}

const RULES = (
  parse(readFileSync(`${ROOT}ops/alerts.yaml`, 'utf8')) as { groups: { rules: Rule[] }[] }
).groups.flatMap(({ rules }) => rules);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const DASHBOARD = JSON.parse(readFileSync(`${ROOT}ops/grafana-dashboard.json`, 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
};
const TARGETS = DASHBOARD.panels.flatMap(({ targets = [] }) => targets);

/** Every expression, and the labels that texts beside it show of its result. */
const EXPRESSIONS = [
  ...RULES.map(({ expr, annotations: { summary, command } }) => ({ expr, text: `${summary} ${command}` })),
  ...TARGETS.map(({ expr, legendFormat }) => ({ expr, text: legendFormat })),
  ...DASHBOARD.templating.list.slice(1).map(({ query }) => ({ expr: query, text: '' })),
];

/** The metrics of the Temporal SDK, in the source of the version that is installed. */
const SDK = sourcesBelow('node_modules/@temporalio/core-bridge/sdk-core/crates');

function sourcesBelow(folder: string): string {
  return readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('metrics.rs'))
    .map((file) => readFileSync(`${ROOT}${folder}/${file}`, 'utf8'))
    .join('\n');
}

/** What Prometheus itself adds to each series. */
const BY_PROMETHEUS = ['job', 'instance'];

/** The kind and labels of a series as it is scraped, or undefined when nobody exposes it. */
function seriesOf(name: string): { readonly kind: string; readonly labels: readonly string[] } | undefined {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  if (name in METRICS) return METRICS[name as MetricName];
  if (base in METRICS && METRICS[base as MetricName].kind === 'histogram')
    return { kind: 'histogram', labels: [...METRICS[base as MetricName].labels, 'le'] };
  const inSource = /^temporal_(.+?)(?:_seconds(?:_bucket|_sum|_count)|_total)?$/.exec(name)?.[1] ?? '';
  if (!SDK.includes(`"${inSource}"`)) return undefined;
  const kind = name.endsWith('_total') ? 'counter' : name.endsWith('_bucket') ? 'histogram' : 'gauge';
  const labels = [...SDK.matchAll(/^const KEY_\w+: &str = "(\w+)";$/gm)].map(([, label = '']) => label);
  return { kind, labels: kind === 'histogram' ? [...labels, 'le'] : labels };
}

const VALUES: Readonly<Record<string, readonly string[]>> = {
  outcome: OUTCOMES,
  class: [...FAILURE_CLASSES, 'unexpected'],
  cause: ['paused', 'storm'],
  result: ['delivered', 'failed', 'mended', 'unmended', 'accepted', 'rejected', 'ignored'],
  health: ENDPOINT_HEALTHS,
  state: ['open', 'idle', 'waited_for'],
};

describe('the alerts and the dashboard', () => {
  test('name only metrics, labels and values that are there', () => {
    expect(EXPRESSIONS.length).toBeGreaterThan(50);
    for (const { expr, text } of EXPRESSIONS) {
      const { metrics, grouped } = namesIn(expr);
      expect([expr, metrics.length]).not.toEqual([expr, 0]);
      const shown = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label);
      for (const { name, matchers } of metrics) {
        const series = seriesOf(name);
        expect([name, series]).not.toEqual([name, undefined]);
        const known = [...(series?.labels ?? []), ...BY_PROMETHEUS];
        expect(known).toEqual(expect.arrayContaining([...Object.keys(matchers), ...grouped]));
        for (const [label, value] of Object.entries(matchers))
          if (label in VALUES) expect(VALUES[label]).toContain(value);
        if (matchers['failure_reason'] !== undefined)
          expect(SDK).toContain(`"${matchers['failure_reason']}"`);
      }
      // Texts show labels that the grouping leaves, or any of the series when nothing is grouped.
      const left = /\b(?:sum|max|min)\b/.test(expr)
        ? grouped
        : metrics.flatMap(({ name }) => [...(seriesOf(name)?.labels ?? []), ...BY_PROMETHEUS]);
      expect(left).toEqual(expect.arrayContaining(shown));
    }
  });

  test('look at counters by their increase, and at gauges of the catalog once for all workers', () => {
    for (const { expr } of [...RULES, ...TARGETS])
      for (const { name, ranged } of namesIn(expr).metrics) {
        const kind = seriesOf(name)?.kind;
        expect([expr, ranged]).toEqual([expr, kind !== 'gauge']);
        // Every worker shows them: a sum would count them once for each.
        const alone = /^reefline_(?!catalog_reachable)/.test(name) && kind === 'gauge';
        if (alone) expect(expr).toMatch(new RegExp(`\\bmax(?: by \\([a-z, ]+\\))? ?\\(${name}\\b`));
      }
  });

  test('show every metric of ours somewhere', () => {
    const used = new Set(
      EXPRESSIONS.flatMap(({ expr }) => namesIn(expr).metrics).map(({ name }) =>
        name.replace(/_bucket$/, ''),
      ),
    );
    expect(Object.keys(METRICS).filter((name) => !used.has(name))).toEqual([]);
  });

  test('lie on the dashboard without covering each other, and use variables that it has', () => {
    const cells = DASHBOARD.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${String(x + (at % w))} ${String(y + Math.floor(at / w))}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells.filter((cell) => Number(cell.split(' ')[0]) >= 24)).toEqual([]);
    expect(new Set(DASHBOARD.panels.map(({ id }) => id)).size).toBe(DASHBOARD.panels.length);
    const variables = DASHBOARD.templating.list.map(({ name }) => name);
    for (const { expr } of TARGETS)
      for (const [, name = ''] of expr.matchAll(/\$(?!__)(\w+)/g)) expect(variables).toContain(name);
  });

  test('tell what to type first: a command that is there, with options that it has', () => {
    const program = buildProgram(createContext(testTerminal().terminal, []).context);
    for (const { alert, annotations, labels } of RULES) {
      expect(alert).toMatch(/^Reefline[A-Z]/);
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      const [reefline, ...words] = annotations.command.replaceAll(/\{\{[^}]*\}\}/g, 'x').split(' ');
      expect(reefline).toBe('reefline');
      let command = program;
      for (const word of words) command = command.commands.find((each) => each.name() === word) ?? command;
      expect([annotations.command, command.commands.length]).toEqual([annotations.command, 0]);
      const known = command.options.flatMap(({ long, short }) => [long, short]);
      expect(known).toEqual(expect.arrayContaining(words.filter((word) => word.startsWith('-'))));
    }
  });
});

test('the page of operators lists every metric and every alert as they are', () => {
  const code = (text: string): string => `\`${text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '<$1>')}\``;
  expectTables('operate.md', {
    metrics: {
      titles: ['metric', 'kind', 'labels', 'says'],
      rows: Object.entries(METRICS).map(([name, { kind, labels, help }]) => [
        code(name),
        kind,
        labels.map(code).join(', '),
        help,
      ]),
    },
    alerts: {
      titles: ['alert', 'severity', 'means', 'type first'],
      rows: RULES.map(({ alert, labels, annotations }) => [
        code(alert),
        labels.severity,
        annotations.description,
        code(annotations.command),
      ]),
    },
  });
});
