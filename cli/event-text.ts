import type { CausedRunView, CauseView, EventDetail, EventView } from '../catalog/event-views.ts';
import { inDocumentedOrder, type ReeflineEvent } from '../pipeline/data-event.ts';
import type { EndpointHealth } from '../pipeline/endpoint-health.ts';
import type { CliContext, Style } from './context.ts';
import { mishapText } from './cure.ts';
import { duration, isoMinutes, rowCount } from './moments.ts';
import { facts, table, type Cell, type Column } from './table.ts';

type Screen = Pick<CliContext, 'columns' | 'paint' | 'now'>;

const INDENT = '  ';

const COLUMNS: readonly Column[] = [
  { title: 'received' },
  { title: 'dataset' },
  { title: 'label' },
  { title: 'rev', right: true },
  { title: 'outcome' },
  { title: 'rows', right: true },
  { title: 'event' },
];

/** Outcomes that need attention are red, those that wait yellow, those that are there green. */
export function outcomeStyle(outcome: string | null): Style {
  switch (outcome) {
    case 'SUCCESS':
    case 'EMPTY':
    case 'PARTIAL':
    case 'RECOVERED':
    case 'RELEASED':
      return 'green';
    case 'WAITING':
    case 'RUNNING':
    case 'LATE':
    case 'HELD':
      return 'yellow';
    case 'FAILURE':
    case 'MISSING':
    case 'QUARANTINED':
    case 'REJECTED':
      return 'red';
    default:
      return 'dim';
  }
}

export function healthStyle(health: EndpointHealth): Style {
  return ({ healthy: 'green', degraded: 'yellow', failing: 'red', paused: 'yellow' } as const)[health];
}

/** What an event says in one word: an outcome, the change of a schema, or how an endpoint fares. */
export function happeningCell(body: ReeflineEvent, outcome: string | null): { text: string; style: Style } {
  switch (body.event_type) {
    case 'data':
      return { text: outcome ?? '', style: outcomeStyle(outcome) };
    case 'metadata':
      return { text: body.change, style: 'dim' };
    case 'endpoint':
      return { text: body.health, style: healthStyle(body.health) };
  }
}

/** Events in the order given, one a line. */
export function eventTable(screen: Screen, events: readonly EventView[]): string {
  return events.length === 0 ? 'No event fits.' : table(screen, COLUMNS, events.map(eventCells));
}

function eventCells({ receivedAt, dataset, timelabel, revision, eventId, body, outcome }: EventView): Cell[] {
  const rows = body.event_type === 'data' ? body.rows : null;
  return [
    isoMinutes(receivedAt),
    dataset,
    timelabel,
    String(revision),
    happeningCell(body, outcome),
    rows === null ? '' : rows.toLocaleString('en-US'),
    { text: eventId, style: 'dim' },
  ];
}

/** One event on one line, for following the log. */
export function eventLine({ paint }: Pick<CliContext, 'paint'>, event: EventView): string {
  const { body, receivedAt, dataset, timelabel, revision, outcome } = event;
  const line = `${isoMinutes(receivedAt)}  ${dataset}  ${timelabel} r${revision}`;
  const { text, style } = happeningCell(body, outcome);
  if (body.event_type === 'metadata') return `${line}  ${paint(style, text)}`;
  if (body.event_type === 'endpoint') return `${line}  ${paint(style, text)}  ${body.reason}`;
  const counted = body.rows == null ? '' : `  ${rowCount(body.rows)}`;
  const error = body.error == null ? '' : `  ${paint('red', mishapText(outcome, body.error))}`;
  return `${line}  ${paint(style, text)}${counted}${error}`;
}

/** All of one event: its fields, what routing decided, what became of its deliveries, what led to it and what followed. */
export function eventDetailText(screen: Screen, event: EventDetail): string {
  const { body, verdicts, deliveries, causes, runs } = event;
  const pairs = Object.entries(inDocumentedOrder(body)).map(
    ([name, value]) => [name, fieldText(value)] as const,
  );
  const sections = [
    [
      ...facts(screen, [
        ...pairs,
        ['received', `${event.receivedAt.toISOString()} (number ${event.seq} of the log)`],
        ['propagates', event.propagates ? null : 'no: it starts no dependents'],
      ]),
    ],
    section(
      screen,
      'Dependents',
      verdicts.map(({ stage, timelabel, verdict, reason }) => [stage, timelabel, verdict, reason]),
      'No verdict: no stage took this dataset as an input when the event came.',
    ),
    section(
      screen,
      'Deliveries',
      deliveries.map((delivery) => [
        delivery.endpoint,
        delivery.status,
        `${delivery.attempts} ${delivery.attempts === 1 ? 'attempt' : 'attempts'}`,
        deliveryText(delivery, screen.now()),
      ]),
      'No endpoint was owed this event.',
    ),
    section(screen, 'Caused by', causes.map(causeCells), 'No event led to it.'),
    section(screen, 'Led to', runs.map(runCells), 'No run has taken it as an input.'),
  ];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
}

function fieldText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function section(
  screen: Screen,
  title: string,
  rows: readonly (readonly Cell[])[],
  none: string,
): readonly string[] {
  if (rows.length === 0) return [`${screen.paint('bold', title)}: ${none}`];
  const columns = (rows[0] ?? []).map(() => ({ title: '' }));
  const room = screen.columns === undefined ? undefined : screen.columns - INDENT.length;
  const lines = table({ ...screen, columns: room }, columns, rows).split('\n');
  return [screen.paint('bold', title), ...lines.map((line) => `${INDENT}${line}`)];
}

function deliveryText(delivery: EventDetail['deliveries'][number], now: number): string {
  switch (delivery.status) {
    case 'delivered':
      return `${delivery.deliveredAt === null ? '' : isoMinutes(delivery.deliveredAt)} message ${delivery.messageId ?? ''}`;
    case 'owed': {
      const wait = delivery.nextAttemptAt.getTime() - now;
      const next = wait > 0 ? `next attempt in ${duration(wait)}` : 'next attempt due';
      return delivery.lastError === null ? next : `${next}; ${delivery.lastError}`;
    }
    case 'dead':
    case 'discarded':
      return delivery.lastError ?? '';
  }
}

function causeCells({ steps, eventId, outcome, trigger, receivedAt }: CauseView): Cell[] {
  return [
    `${'  '.repeat(steps - 1)}${eventId}`,
    { text: outcome ?? '', style: outcomeStyle(outcome) },
    trigger === null ? 'from outside' : `its run was opened by ${trigger}`,
    isoMinutes(receivedAt),
  ];
}

function runCells({ steps, stage, timelabel, revision, outcome }: CausedRunView): Cell[] {
  return [
    `${'  '.repeat(steps - 1)}${stage} ${timelabel} r${revision}`,
    { text: outcome ?? '', style: outcomeStyle(outcome) },
  ];
}
