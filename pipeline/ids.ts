import { parseTimelabel, type Timelabel } from './timelabel.ts';

/*
 * Every id that reaches a history, the catalog or a customer's queue is built and read here. They are permanent.
 */

export function routerId(pipeline: string): string {
  return `router/${pipeline}`;
}

/** The router of an inbound source, as others are named by their pipelines: those have no hyphens. */
export function inboundRouter(source: string): string {
  return `inbound-${source}`;
}

export function publisherId(endpoint: string): string {
  return `publisher/${endpoint}`;
}

export function runId(stage: string, timelabel: string): string {
  return `run/${stage}/${timelabel}`;
}

/** The inverse of `runId`. */
export function parseRunId(id: string): { stage: string; timelabel: Timelabel } | undefined {
  const match = /^run\/([^/]+)\/(\d{14})$/.exec(id);
  const timelabel = parseTimelabel(match?.[2]);
  return match?.[1] === undefined || timelabel === undefined ? undefined : { stage: match[1], timelabel };
}

/** Workflow id of a backfill. Its name is what the catalog and the commands call it by. */
export function backfillId(name: string): string {
  return `backfill/${name}`;
}

/** The inverse of `backfillId`; undefined for the id of anything else. */
export function parseBackfillId(workflowId: string): string | undefined {
  return /^backfill\/(.+)$/.exec(workflowId)?.[1];
}

/** Workflow id of a historical sync. The backfill that it plans has the same name. */
export function syncId(name: string): string {
  return `sync/${name}`;
}

/** The inverse of `syncId`; undefined for the id of anything else. */
export function parseSyncId(workflowId: string): string | undefined {
  return /^sync\/(.+)$/.exec(workflowId)?.[1];
}

export function scheduleId(stage: string): string {
  return `tick/${stage}`;
}

/** Data events of a run: one per revision, whoever reports it and however often. */
export function runEventId(stage: string, timelabel: string, revision: number): string {
  return `${stage}/${timelabel}/r${String(revision)}`;
}

/** The run of the id of a data event, or of a schema change that the run saw; undefined for the id of anything else. */
export function parseRunEventId(
  id: string,
): { stage: string; timelabel: Timelabel; revision: number } | undefined {
  const match = /^([^/]+)\/(\d{14})\/r([1-9]\d{0,8})(?:\/|$)/.exec(id);
  const timelabel = parseTimelabel(match?.[2]);
  if (match?.[1] === undefined || timelabel === undefined) return undefined;
  return { stage: match[1], timelabel, revision: Number(match[3]) };
}

/** Event of a sender who names no id: from its content, so that the same content twice is one event. */
export function outsideEventId(sha256OfCanonicalJson: string): string {
  return `outside/${sha256OfCanonicalJson.slice(0, 32)}`;
}

/** The event of the n-th change of an endpoint's health. */
export function healthEventId(endpoint: string, change: number): string {
  return `endpoint/${endpoint}/${String(change)}`;
}

/** The sweep: its schedule, and the beginning of its workflow ids, to which the schedule adds the time. */
export const SWEEP_ID = 'sweep';

/** Task queue of workflows and their short activities. */
export const ROUTING_QUEUE = 'reefline';

/**
 * How long one workflow task of a router may take. The first one after an outage reads a history of up to 10,000 signals; on a busy
 * machine that takes more than the 10 s that Temporal grants by default, and a task that is too late begins anew, for ever. In
 * return, a router whose worker was killed goes on that much later.
 */
export const ROUTER_TASK_TIMEOUT = '30s';

/** Task queue of the heavy activities of one connection, so that its concurrency is a worker's setting. */
export function connectionQueue(connection: string): string {
  return `reefline.${connection}`;
}
