import type { EventView } from '../catalog/event-views.ts';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import type { LeftOutBy } from '../pipeline/event-filter.ts';
import type { CliContext } from './context.ts';
import { happeningCell } from './event-text.ts';
import { isoMinutes } from './moments.ts';
import { table, type Cell, type Column } from './table.ts';

/** One event, and what keeps it from the endpoint; null when it would be sent. */
export interface Previewed extends EventView {
  readonly leftOutBy: LeftOutBy | null;
}

const COLUMNS: readonly Column[] = [
  { title: 'received' },
  { title: 'type' },
  { title: 'dataset' },
  { title: 'label' },
  { title: 'outcome' },
  { title: 'sent' },
];

/** The fields of a filter as reefline.yaml names them. */
const KEYS: Readonly<Record<LeftOutBy, string>> = {
  events: 'events',
  on: 'on',
  types: 'types',
  schemas: 'schemas',
  tables: 'tables',
  pipelines: 'pipelines',
  maxAgeSeconds: 'maxAge',
  itself: 'about itself',
};

/** What an endpoint would have been sent of the newest events, one a line, and how many that are. */
export function previewText(
  screen: Pick<CliContext, 'columns' | 'paint'>,
  { name }: EndpointDefinition,
  events: readonly Previewed[],
): string {
  if (events.length === 0) return 'There are no events in the log yet.';
  const sent = events.filter(({ leftOutBy }) => leftOutBy === null).length;
  const lines = table(screen, COLUMNS, events.map(cells));
  const looked = events.length === 1 ? 'the newest event' : `the newest ${String(events.length)} events`;
  return `${lines}\n\n${name} would be sent ${String(sent)} of ${looked}.`;
}

function cells({ receivedAt, body, dataset, timelabel, outcome, leftOutBy }: Previewed): Cell[] {
  return [
    isoMinutes(receivedAt),
    body.event_type === 'endpoint' ? '' : body.type,
    dataset,
    timelabel,
    happeningCell(body, outcome),
    leftOutBy === null ? { text: 'yes', style: 'green' } : { text: `no: ${KEYS[leftOutBy]}`, style: 'dim' },
  ];
}
