/*
 * The metrics of Reefline: their names, what they say and their labels. Names and labels are permanent, because dashboards and
 * alerts of users are made of them. Labels are names out of the configuration, never labels of time or ids.
 */

interface Metric {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
}

/** How metrics of one kind are written below. */
function kindOf<const K extends Metric['kind']>(
  kind: K,
): <const L extends readonly string[]>(labels: L, help: string) => { kind: K; help: string; labels: L } {
  return (labels, help) => ({ kind, help, labels });
}

const counter = kindOf('counter');
const histogram = kindOf('histogram');
const gauge = kindOf('gauge');

export const METRICS = {
  reefline_events_received_total: counter(
    ['router'],
    'Messages that a router took: accepted, known already, or rejected.',
  ),
  reefline_events_deduplicated_total: counter(
    ['router'],
    'Messages that were known already; a repeated acceptance counts its messages here.',
  ),
  reefline_events_rejected_total: counter(['router'], 'Messages that are no event of this configuration.'),
  reefline_event_route_duration_seconds: histogram(
    ['router'],
    'From the call of acceptEvents to the commit of what it decided about a batch of messages.',
  ),
  reefline_event_to_start_seconds: histogram(
    ['pipeline', 'stage'],
    'From the opening of a run by the event that completed its inputs to the first attempt of its stage; without backfills.',
  ),
  reefline_runs_total: counter(
    ['pipeline', 'stage', 'outcome'],
    'Runs that ended, by outcome; SUPERSEDED were cancelled because their inputs changed.',
  ),
  reefline_run_duration_seconds: histogram(
    ['pipeline', 'stage'],
    'From the first attempt of a stage to the end of its run, retries and their pauses included.',
  ),
  reefline_run_rows_total: counter(['pipeline', 'stage'], 'Rows that successful runs made.'),
  reefline_run_bytes_total: counter(['pipeline', 'stage'], 'Bytes that successful runs made.'),
  reefline_attempt_failures_total: counter(
    ['pipeline', 'stage', 'class'],
    'Attempts of stages that failed, by the class of the failure; some are tried again.',
  ),
  reefline_partition_late_total: counter(
    ['pipeline', 'stage', 'outcome'],
    'Labels whose deadline passed: LATE wait on, MISSING were given up.',
  ),
  reefline_delivery_attempts_total: counter(
    ['endpoint', 'result'],
    'Messages sent to an endpoint, by result: delivered or failed.',
  ),
  reefline_delivery_dlq_total: counter(['endpoint'], 'Messages that became dead letters.'),
  reefline_inbound_events_total: counter(
    ['source', 'result'],
    'What messages of an inbound source brought, by result: events accepted, messages rejected, parts ignored; what is delivered again counts again.',
  ),
  reefline_sweep_findings_total: counter(
    ['kind', 'result'],
    'Work that the sweep found undone, by kind and result: mended or unmended.',
  ),
  reefline_catalog_reachable: gauge(
    [],
    '1 while the catalog answers; the gauges below are absent otherwise.',
  ),
  reefline_catalog_connections: gauge(
    ['state'],
    'Connections of this process to the catalog: open, idle, and calls that wait for one.',
  ),
  reefline_config_version: gauge([], 'The config version in force.'),
  reefline_joins_pending: gauge(['pipeline'], 'Labels that wait for inputs.'),
  reefline_join_oldest_pending_seconds: gauge(
    ['pipeline'],
    'For how long the label that has waited longest has waited for inputs.',
  ),
  reefline_runs_open: gauge(['pipeline'], 'Runs that were opened and have not ended.'),
  reefline_labels_held: gauge(
    ['pipeline', 'cause'],
    'Labels that are complete and held back: paused, or storm (max_restated_labels).',
  ),
  reefline_backfill_partitions: gauge(['state'], 'Labels of the backfills under way, by state.'),
  reefline_delivery_owed: gauge(
    ['endpoint'],
    'Messages that an endpoint is owed, counted up to a hundred thousand.',
  ),
  reefline_delivery_oldest_unsent_seconds: gauge(
    ['endpoint'],
    'For how long the first message in line has been owed; 0 when none is.',
  ),
  reefline_delivery_dead_letters: gauge(
    ['endpoint'],
    'Dead letters about which nobody has decided, counted up to a hundred thousand.',
  ),
  reefline_endpoint_paused: gauge(['endpoint'], '1 while an endpoint is paused.'),
  reefline_endpoint_health: gauge(
    ['endpoint', 'health'],
    '1 for the health that an endpoint has, 0 for the others: healthy, degraded, failing, paused.',
  ),
  reefline_inbound_failing: gauge(['source'], '1 while the last poll of an inbound source failed.'),
  reefline_inbound_lag_seconds: gauge(
    ['source'],
    'How long the oldest message of the last poll had waited in its queue; 0 when there was none.',
  ),
  reefline_inbound_since_poll_seconds: gauge(
    ['source'],
    'For how long no worker has asked the queue of an inbound source with success.',
  ),
  reefline_inbound_since_event_seconds: gauge(
    ['source'],
    'For how long an inbound source has brought no event.',
  ),
  reefline_router_queued: gauge(
    ['router'],
    'Messages that a router holds and has not accepted; absent while it does not answer.',
  ),
  reefline_router_history_events: gauge(
    ['router'],
    'Events in the history of a router, which begins a new one at about a thousand.',
  ),
  reefline_router_continue_as_new_total: counter(
    ['router'],
    'New histories that a router has begun since it was started; every worker shows the same.',
  ),
  process_cpu_seconds_total: counter([], 'CPU time of this process.'),
  process_resident_memory_bytes: gauge([], 'Resident memory of this process.'),
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** The names of one kind of metric. */
export type NameOf<K extends Metric['kind']> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];

export type LabelsOf<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;

/** Where activities count what they did. What a killed activity had not counted yet stays uncounted. */
export interface Meter {
  add<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, by?: number): void;
  observe<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, seconds: number): void;
}

/** Of a worker that nobody asks for metrics. */
export const NO_METER: Meter = { add: () => undefined, observe: () => undefined };
