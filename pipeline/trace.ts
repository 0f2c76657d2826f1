import type { ReeflineEvent } from './data-event.ts';
import type { Happening, Lasted, TracedFailure, TracedRun } from './happening.ts';
import { about, aboutEvent, outcomeOf, type SpanAttributes } from './span-attributes.ts';
import {
  acceptanceOf,
  behindOf,
  below,
  deliveryPlace,
  eventOf,
  isSameTrace,
  overdueOf,
  placeOf,
  reporterOf,
  type Causes,
  type Place,
} from './trace-place.ts';

/*
 * What workers tell of their work as spans: which there are, what they are called, where they stand and what they say
 * (docs/decisions/0024-traces.md). A trace is one event: its acceptance, its deliveries, and the runs that it completed, to
 * their end. A run that no event brought about stands in the trace of the event that it will report. An event that came with
 * somebody's `traceparent` goes on with his trace, and so do the events that it brings about. So everybody
 * finds the place of a span by ids, the log and the ledger, and nothing is carried from one process to the next.
 */

export interface Span extends Place, Lasted {
  /** The span of the same trace that it is part of; null for the root, above which only the one of `traceparent` stands. */
  readonly parent: string | null;
  readonly name: string;
  /** As OpenTelemetry has them: what takes a message, what sends one, and the rest. */
  readonly kind: 'consumer' | 'producer' | 'internal';
  readonly attributes: SpanAttributes;
  readonly links: readonly Place[];
  readonly failure: TracedFailure | null;
}

/** The run whose causes decide where the spans of this happening stand. */
export function runBehind(happening: Happening): TracedRun | undefined {
  switch (happening.kind) {
    case 'accepted':
      return reporterOf(happening.event);
    case 'opened':
    case 'attempted':
    case 'closed':
      return happening.run;
    case 'overdue':
    case 'reported':
    case 'delivered':
      return undefined;
  }
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
    case 'overdue':
      return [overdueSpan(happening)];
    case 'reported':
      return [reportSpan(happening)];
    case 'delivered': {
      const { event, endpoint, attempt, replay, failure, from, to } = happening;
      const attributes = {
        ...aboutEvent(event),
        ...{ 'reefline.endpoint': endpoint, 'reefline.attempt': attempt },
        ...(replay === null ? {} : { 'reefline.replay': replay }),
      };
      return [
        {
          ...deliveryPlace(happening),
          parent: isByCommand(event) ? null : acceptanceOf(event).span,
          name: `deliver ${endpoint}`,
          kind: 'producer',
          ...{ from, to, attributes, links: [], failure },
        },
      ];
    }
  }
}

/** What stands behind an event is above it when it is in the same trace, and is linked when it is in that of an earlier event. */
function acceptSpan(happening: Extract<Happening, { kind: 'accepted' }>, causes: Causes): Span {
  const { event, router, from, to } = happening;
  return {
    ...acceptanceOf(event),
    ...below(event, behindOf(event, causes)),
    name: `accept ${event.dataset}`,
    kind: 'consumer',
    ...{ from, to, attributes: { ...aboutEvent(event), 'reefline.router': router } },
    failure: null,
  };
}

/** Of an event that came into the log by itself, at the place of its acceptance: its deliveries are below. */
function reportSpan({ event, causes, from, to }: Extract<Happening, { kind: 'reported' }>): Span {
  return {
    ...acceptanceOf(event),
    ...below(event, causes.map(acceptanceOf)),
    name: `report ${event.dataset}`,
    kind: 'internal',
    ...{ from, to, attributes: { ...aboutEvent(event), ...outcomeOf(event) }, failure: null },
  };
}

function overdueSpan({ event, from, to }: Extract<Happening, { kind: 'overdue' }>): Span {
  return {
    ...overdueOf(event),
    parent: null,
    name: `overdue ${event.stage ?? event.dataset}`,
    kind: 'internal',
    ...{ from, to, attributes: { ...aboutEvent(event), ...outcomeOf(event) }, links: [], failure: null },
  };
}

/** The whole run, from its opening on, and the closing as a part of it. */
function closeSpans(happening: Extract<Happening, { kind: 'closed' }>, causes: Causes): readonly Span[] {
  const { run, dataset, openedAt, outcome, reported, rows, failure, from, to } = happening;
  const [completing, ...others] = causes ?? [];
  const isElsewhere = reported !== null && completing !== undefined && !isSameTrace(reported, completing);
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
        ...(reported === null ? {} : { 'reefline.event.id': reported.eventId }),
        ...(rows === null ? {} : { 'reefline.rows': rows }),
      },
      links: [...others, ...(isElsewhere ? [reported] : [])].map(acceptanceOf),
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

/** Who pauses or resumes an endpoint types a command, which writes no spans. */
function isByCommand(event: ReeflineEvent): boolean {
  return event.event_type === 'endpoint' && (event.health === 'paused' || event.previous === 'paused');
}
