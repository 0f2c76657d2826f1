import type { ReeflineEvent } from './data-event.ts';
import type { Happening, Lasted, TracedFailure, TracedRun } from './happening.ts';
import { runEventId } from './ids.ts';

/*
 * What workers tell of their work as spans: which there are, what they are called, where they stand and what they say
 * (docs/decisions/0024-traces.md). A trace is one event: its acceptance, its deliveries, and the runs that it completed, to
 * their end. A run that no event brought about stands in the trace of the event that it will report. So everybody
 * finds the place of a span by ids and the ledger, and nothing is carried from one process to the next.
 */

/** Where a span stands: the event whose trace it is in, and its own name, of which there is one in the world. */
export interface Place {
  readonly trace: string;
  readonly span: string;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface Span extends Place, Lasted {
  /** The span of the same trace that it is part of; null for the root. */
  readonly parent: string | null;
  readonly name: string;
  /** As OpenTelemetry has them: what takes a message, what sends one, and the rest. */
  readonly kind: 'consumer' | 'producer' | 'internal';
  readonly attributes: SpanAttributes;
  readonly links: readonly Place[];
  readonly failure: TracedFailure | null;
}

/**
 * The events that brought a run about, the newest first: the one that completed its inputs. None for one that a schedule or a person
 * asked for; undefined when the ledger knows no such run.
 */
export type Causes = readonly string[] | undefined;

/** The run whose causes decide where the spans of this happening stand. */
export function runBehind(happening: Happening): TracedRun | undefined {
  if (happening.kind === 'delivered') return undefined;
  return happening.kind === 'accepted' ? reporterOf(happening.event) : happening.run;
}

/** The event whose trace a run is in. */
export function traceOfRun(run: TracedRun, causes: Causes): string {
  return causes?.[0] ?? eventOf(run);
}

/** The spans of what happened, `causes` being those of `runBehind`. */
export function spansOf(happening: Happening, causes: Causes): readonly Span[] {
  switch (happening.kind) {
    case 'accepted':
      return [acceptSpan(happening, causes)];
    case 'opened': {
      const { run, from, to } = happening;
      const attributes = { ...about(run, happening.dataset), 'reefline.trigger': happening.trigger };
      return [{ ...inRun(run, causes, 'open'), from, to, attributes, failure: null }];
    }
    case 'attempted': {
      const { run, attempt, temporalRunId, rows, failure, cancelled, from, to } = happening;
      const attributes = {
        ...about(run, happening.dataset),
        ...{ 'reefline.attempt': attempt, 'temporal.run_id': temporalRunId },
        ...(rows === null ? {} : { 'reefline.rows': rows }),
        ...(cancelled ? { 'reefline.cancelled': true } : {}),
      };
      const key = `${temporalRunId}/${String(attempt)}`;
      return [{ ...inRun(run, causes, 'attempt', key), from, to, attributes, failure }];
    }
    case 'closed':
      return closeSpans(happening, causes);
    case 'delivered': {
      const { event, endpoint, attempt, replay, failure, from, to } = happening;
      const attributes = {
        ...aboutEvent(event),
        ...{ 'reefline.endpoint': endpoint, 'reefline.attempt': attempt },
        ...(replay === null ? {} : { 'reefline.replay': replay }),
      };
      return [
        {
          trace: event.eventId,
          span: `deliver/${event.eventId}/${endpoint}/${replay ?? ''}/${String(attempt)}`,
          // What is said of an endpoint was not sent to a router.
          parent: event.event_type === 'endpoint' ? null : acceptanceOf(event.eventId).span,
          name: `deliver ${endpoint}`,
          kind: 'producer',
          ...{ from, to, attributes, links: [], failure },
        },
      ];
    }
  }
}

/** The run behind an event stands above it when it is in the same trace, and is linked when it is in that of an earlier event. */
function acceptSpan(happening: Extract<Happening, { kind: 'accepted' }>, causes: Causes): Span {
  const { event, router, from, to } = happening;
  const run = reporterOf(event);
  const place = run === undefined || causes === undefined ? undefined : placeOf(run, causes);
  const isAbove = place?.trace === event.eventId;
  return {
    ...acceptanceOf(event.eventId),
    parent: isAbove ? place.span : null,
    name: `accept ${event.dataset}`,
    kind: 'consumer',
    ...{ from, to, attributes: { ...aboutEvent(event), 'reefline.router': router } },
    links: place === undefined || isAbove ? [] : [place],
    failure: null,
  };
}

/** The whole run, from its opening on, and the closing as a part of it. */
function closeSpans(happening: Extract<Happening, { kind: 'closed' }>, causes: Causes): readonly Span[] {
  const { run, dataset, openedAt, outcome, eventId, rows, failure, from, to } = happening;
  const [completing, ...others] = causes ?? [];
  const reported = eventId === null || completing === undefined ? [] : [acceptanceOf(eventId)];
  const attributes = about(run, dataset);
  return [
    {
      ...placeOf(run, causes),
      parent: completing === undefined ? null : acceptanceOf(completing).span,
      name: `run ${run.stage}`,
      kind: 'internal',
      ...{ from: Math.min(openedAt, from), to, failure },
      attributes: {
        ...attributes,
        ...{ 'reefline.trigger': happening.trigger, 'reefline.outcome': outcome },
        'temporal.run_id': happening.temporalRunId,
        ...(eventId === null ? {} : { 'reefline.event.id': eventId }),
        ...(rows === null ? {} : { 'reefline.rows': rows }),
      },
      links: [...others.map(acceptanceOf), ...reported],
    },
    { ...inRun(run, causes, 'close'), from, to, attributes, failure: null },
  ];
}

function inRun(
  run: TracedRun,
  causes: Causes,
  step: 'open' | 'attempt' | 'close',
  key = '',
): Pick<Span, 'trace' | 'span' | 'parent' | 'name' | 'kind' | 'links'> {
  const { trace, span } = placeOf(run, causes);
  const name = `${step} ${run.stage}`;
  return { trace, span: `${step}/${eventOf(run)}/${key}`, parent: span, name, kind: 'internal', links: [] };
}

function placeOf(run: TracedRun, causes: Causes): Place {
  return { trace: traceOfRun(run, causes), span: `run/${eventOf(run)}` };
}

function acceptanceOf(eventId: string): Place {
  return { trace: eventId, span: `accept/${eventId}` };
}

function eventOf({ stage, timelabel, revision }: TracedRun): string {
  return runEventId(stage, timelabel, revision);
}

/** The run that reported an event, or a schema change; undefined for one that nothing ran for, such as those of outside datasets. */
function reporterOf(event: ReeflineEvent): TracedRun | undefined {
  if (event.event_type === 'endpoint' || event.stage === null || event.runId === null) return undefined;
  const { eventId, stage, timelabel, revision } = event;
  const run = { stage, timelabel, revision };
  return eventId === eventOf(run) || eventId.startsWith(`${eventOf(run)}/`) ? run : undefined;
}

function about({ stage, timelabel, revision }: TracedRun, dataset: string | null): SpanAttributes {
  return {
    'reefline.pipeline': stage.split('.')[0] ?? stage,
    'reefline.stage': stage,
    ...(dataset === null ? {} : { 'reefline.dataset': dataset }),
    'reefline.timelabel': timelabel,
    'reefline.revision': revision,
  };
}

function aboutEvent(event: ReeflineEvent): SpanAttributes {
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
