import type { InboundHealth } from '../catalog/inbound-health.ts';
import type { InboundMapping, InboundSource } from '../pipeline/inbound.ts';
import type { CliContext } from './context.ts';
import { age, duration } from './moments.ts';
import { table, type Cell, type Column } from './table.ts';

export interface InboundView extends InboundHealth {
  readonly mapping: InboundMapping;
}

const COLUMNS: readonly Column[] = [
  { title: 'source' },
  { title: 'mapping' },
  { title: 'last poll' },
  { title: 'last message' },
  { title: 'last event' },
  { title: 'lag', right: true },
  { title: 'accepted', right: true },
  { title: 'rejected', right: true },
  { title: 'ignored', right: true },
  { title: 'error' },
];

/** Sources of outside events in the order given, one a line. */
export function inboundTable(
  screen: Pick<CliContext, 'columns' | 'paint' | 'now'>,
  sources: readonly InboundView[],
): string {
  if (sources.length === 0) return 'The configuration has no inbound sources.';
  const since = (instant: Date | null): string => (instant === null ? 'never' : age(instant, screen.now()));
  const rows = sources.map((source): Cell[] => [
    source.name,
    source.mapping,
    since(source.lastPollAt),
    since(source.lastMessageAt),
    since(source.lastEventAt),
    source.lagSeconds === null ? '' : duration(source.lagSeconds * 1_000),
    String(source.accepted),
    String(source.rejected),
    String(source.ignored),
    source.error === null ? '' : { text: source.error, style: 'red' },
  ]);
  return table(screen, COLUMNS, rows);
}

/** What `reefline validate` says of a source: `partner_files  s3 -> lake.partner.rates`. */
export function describeSource({ name, mapping, events }: InboundSource): string {
  const targets = events.map(({ dataset, schema, table: named }) => dataset ?? `${schema}.${named}`);
  return `${name}  ${mapping} -> ${targets.length === 0 ? 'the datasets of its events' : [...new Set(targets)].join(', ')}`;
}
