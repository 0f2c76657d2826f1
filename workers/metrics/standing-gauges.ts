import type { StandingFigures } from '../../catalog/standing-figures.ts';
import { ENDPOINT_HEALTHS } from '../../pipeline/endpoint-health.ts';
import type { Setter } from './registry.ts';

/** Sets the gauges that describe the catalog. */
export function setStanding(set: Setter, figures: StandingFigures): void {
  if (figures.configVersion !== null) set('reefline_config_version', {}, figures.configVersion);
  for (const { pipeline, waiting, running, oldest } of figures.open) {
    set('reefline_joins_pending', { pipeline }, waiting);
    set('reefline_join_oldest_pending_seconds', { pipeline }, oldest ?? 0);
    set('reefline_runs_open', { pipeline }, running);
  }
  for (const { pipeline, cause, count } of figures.held)
    set('reefline_labels_held', { pipeline, cause }, count);
  for (const { state, count } of figures.backfills) set('reefline_backfill_partitions', { state }, count);
  for (const { endpoint, paused, health, owed, dead, oldest } of figures.endpoints) {
    set('reefline_endpoint_paused', { endpoint }, paused ? 1 : 0);
    for (const each of ENDPOINT_HEALTHS)
      set('reefline_endpoint_health', { endpoint, health: each }, each === health ? 1 : 0);
    set('reefline_delivery_owed', { endpoint }, owed);
    set('reefline_delivery_dead_letters', { endpoint }, dead);
    set('reefline_delivery_oldest_unsent_seconds', { endpoint }, oldest ?? 0);
  }
  for (const { source, failing, lag, sincePoll, sinceEvent } of figures.inbound) {
    set('reefline_inbound_failing', { source }, failing ? 1 : 0);
    if (lag !== null) set('reefline_inbound_lag_seconds', { source }, lag);
    if (sincePoll !== null) set('reefline_inbound_since_poll_seconds', { source }, sincePoll);
    if (sinceEvent !== null) set('reefline_inbound_since_event_seconds', { source }, sinceEvent);
  }
}

/** Sets what the operating system knows of this process. */
export function setProcess(set: Setter): void {
  const { user, system } = process.cpuUsage();
  set('process_cpu_seconds_total', {}, (user + system) / 1_000_000);
  set('process_resident_memory_bytes', {}, process.memoryUsage.rss());
}
