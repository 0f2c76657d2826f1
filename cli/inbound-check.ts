import type { InboundHealth } from '../catalog/inbound-health.ts';
import type { Check } from './doctor-checks.ts';
import { age } from './moments.ts';

/** A consumer asks its queue at least every 20 s. Milliseconds. */
const LAST_POLL = 90_000;

/** Whether every inbound source is consumed; nothing where there is none. */
export function inboundChecks(sources: readonly InboundHealth[], now: number): readonly Check[] {
  if (sources.length === 0) return [];
  const name = 'inbound sources';
  const ill = sources.flatMap((source) => {
    const trouble = troubleOf(source, now);
    return trouble === undefined ? [] : [`${source.name} ${trouble}`];
  });
  if (ill.length === 0) {
    const counted = `${String(sources.length)} ${sources.length === 1 ? 'queue' : 'queues'}`;
    return [{ name, ok: true, detail: `${counted} consumed` }];
  }
  const cure =
    'start workers, and correct what the error names; "reefline inbound list" shows when it is well again';
  return [{ name, ok: false, detail: ill.join('; '), cure }];
}

function troubleOf({ error, lastPollAt }: InboundHealth, now: number): string | undefined {
  if (error !== null) return `fails: ${error.replace(/\.$/, '')}`;
  if (lastPollAt === null) return 'was never asked for messages';
  if (lastPollAt.getTime() < now - LAST_POLL) return `was last asked for messages ${age(lastPollAt, now)}`;
  return undefined;
}
