import type { ReeflineEvent } from './data-event.ts';
import type { TracedRun } from './happening.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** What a span about a run says of it. */
export function about({ stage, timelabel, revision }: TracedRun, dataset: string | null): SpanAttributes {
  return {
    'reefline.pipeline': stage.split('.')[0] ?? stage,
    'reefline.stage': stage,
    ...(dataset === null ? {} : { 'reefline.dataset': dataset }),
    'reefline.timelabel': timelabel,
    'reefline.revision': revision,
  };
}

/** What a span about an event says of it. */
export function aboutEvent(event: ReeflineEvent): SpanAttributes {
  const { eventId, dataset, timelabel, revision, pipeline, stage } = event;
  return {
    'reefline.event.id': eventId,
    ...(pipeline === null ? {} : { 'reefline.pipeline': pipeline }),
    ...(stage === null ? {} : { 'reefline.stage': stage }),
    ...{ 'reefline.dataset': dataset, 'reefline.timelabel': timelabel, 'reefline.revision': revision },
    ...saidBy(event),
  };
}

function saidBy(event: ReeflineEvent): SpanAttributes {
  switch (event.event_type) {
    case 'data':
      return {
        'reefline.status': event.status,
        ...(event.rows === null ? {} : { 'reefline.rows': event.rows }),
      };
    case 'metadata':
      return { 'reefline.change': event.change };
    case 'endpoint':
      return { 'reefline.health': event.health };
  }
}

/** How a label came out, for spans that tell nothing else of it. */
export function outcomeOf(event: ReeflineEvent): SpanAttributes {
  return event.event_type === 'data' ? { 'reefline.outcome': event.outcome } : {};
}
