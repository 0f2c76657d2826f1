/** How an endpoint fares, from well to not at all. Permanent names: they are in the catalog, in events and in metrics. */
export const ENDPOINT_HEALTHS = ['healthy', 'degraded', 'failing', 'paused'] as const;
export type EndpointHealth = (typeof ENDPOINT_HEALTHS)[number];

/** What the catalog knows of an endpoint. A call is one claim of messages that was tried; times in seconds. */
export interface EndpointFacts {
  /** Who paused it, and why; null when it is not paused. */
  readonly pause: { readonly by: string; readonly reason: string } | null;
  /** Calls in a row that it took nothing of, since it last took something. */
  readonly failedCalls: number;
  /** Since the first of those; 0 when there is none. */
  readonly failingSeconds: number;
  /** Since the last message that it did not take; null when it never refused one. */
  readonly quietSeconds: number | null;
  /** For how long the first message in line has been owed; null when none is. */
  readonly oldestSeconds: number | null;
}

/** Calls in a row that an endpoint may fail before it is said to be ill: two may be a hiccup. */
export const ILL_CALLS = 3;
/** Seconds over which it takes nothing until it is failing rather than degraded. */
export const FAILING_AFTER = 60;
/** Seconds that the first message in line may wait until the endpoint is degraded. */
export const LATE_AFTER = 300;
/** Seconds without a failed message, and longest wait of the first one in line, before an ill endpoint is healthy again. */
export const WELL_AFTER = 60;

/** By what the health of one endpoint is decided; times in seconds. */
export interface HealthLimits {
  readonly failedCalls: number;
  readonly failingSeconds: number;
  readonly lateSeconds: number;
  readonly wellSeconds: number;
}

/** What holds for an endpoint that says nothing else. */
const USUAL: HealthLimits = {
  failedCalls: ILL_CALLS,
  failingSeconds: FAILING_AFTER,
  lateSeconds: LATE_AFTER,
  wellSeconds: WELL_AFTER,
};

export interface HealthVerdict {
  readonly health: EndpointHealth;
  /** For people: one sentence. */
  readonly reason: string;
}

/**
 * How an endpoint fares now. It gets worse by one set of thresholds and better by a stricter one, so that an endpoint
 * that answers now and then does not change with each call: whatever its calls do, an ill endpoint stays ill for
 * `wellSeconds` after its last failure. `own` are the limits that the endpoint sets for itself.
 */
export function healthOf(
  before: EndpointHealth,
  facts: EndpointFacts,
  own: Partial<HealthLimits> = {},
): HealthVerdict {
  const limits = { ...USUAL, ...own };
  const { pause, failedCalls, failingSeconds, oldestSeconds } = facts;
  if (pause !== null)
    return { health: 'paused', reason: `${pause.by} paused it: ${pause.reason.replace(/\.$/, '')}.` };
  const ill = failedCalls >= limits.failedCalls;
  const wait = oldestSeconds ?? 0;
  if (ill && failingSeconds >= limits.failingSeconds)
    return {
      health: 'failing',
      reason: `It took nothing of ${String(failedCalls)} calls in ${seconds(failingSeconds)}.`,
    };
  const recovering = !isQuiet(facts, limits);
  if (before === 'failing' && recovering) return { health: 'failing', reason: 'It failed a moment ago.' };
  if (ill) return { health: 'degraded', reason: `It took nothing of ${String(failedCalls)} calls in a row.` };
  if (wait > limits.lateSeconds)
    return { health: 'degraded', reason: `The first message in line has waited for ${seconds(wait)}.` };
  const wasIll = before === 'degraded' || before === 'failing';
  if (wasIll && wait > limits.wellSeconds)
    return { health: 'degraded', reason: `It takes messages and is behind by ${seconds(wait)}.` };
  if (before === 'degraded' && recovering) return { health: 'degraded', reason: 'It failed a moment ago.' };
  if (before === 'paused') return { health: 'healthy', reason: 'It was resumed.' };
  return { health: 'healthy', reason: 'It takes messages, and none waits long.' };
}

/**
 * Seconds after which an ill endpoint may be healthy although nothing is sent to it until then; null when time alone changes
 * nothing.
 */
export function secondsUntilQuiet(
  health: EndpointHealth,
  { failedCalls, quietSeconds }: EndpointFacts,
  own: Partial<HealthLimits> = {},
): number | null {
  const { wellSeconds } = { ...USUAL, ...own };
  const ill = health === 'degraded' || health === 'failing';
  if (!ill || failedCalls > 0 || quietSeconds === null || quietSeconds >= wellSeconds) return null;
  return wellSeconds - quietSeconds;
}

function isQuiet({ failedCalls, quietSeconds }: EndpointFacts, { wellSeconds }: HealthLimits): boolean {
  return failedCalls === 0 && (quietSeconds === null || quietSeconds >= wellSeconds);
}

function seconds(count: number): string {
  return `${String(Math.floor(count))} s`;
}
