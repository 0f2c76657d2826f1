import type { EndpointView } from '../catalog/endpoint-health.ts';
import type { CliContext } from './context.ts';
import type { Check } from './doctor-checks.ts';
import { healthStyle } from './event-text.ts';
import { age, duration } from './moments.ts';
import { table, type Cell, type Column } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'endpoint' },
  { title: 'kind' },
  { title: 'health' },
  { title: 'owed', right: true },
  { title: 'oldest' },
  { title: 'dead', right: true },
  { title: 'last taken' },
  { title: 'last refused' },
  { title: 'why' },
];

/** Endpoints in the order given, one a line. */
export function endpointTable(
  screen: Pick<CliContext, 'columns' | 'paint' | 'now'>,
  endpoints: readonly EndpointView[],
): string {
  if (endpoints.length === 0) return 'The configuration has no endpoints.';
  const since = (instant: Date | null): string => (instant === null ? 'never' : age(instant, screen.now()));
  const rows = endpoints.map((endpoint): Cell[] => [
    endpoint.name,
    endpoint.kind,
    { text: endpoint.health, style: healthStyle(endpoint.health) },
    String(endpoint.owed),
    endpoint.oldestSeconds === null ? '' : duration(endpoint.oldestSeconds * 1_000),
    String(endpoint.dead),
    since(endpoint.lastSuccessAt),
    since(endpoint.lastFailureAt),
    troubleOf(endpoint),
  ]);
  return table(screen, COLUMNS, rows);
}

function troubleOf({ active, health, errorClass, lastError, pausedBy, pauseReason }: EndpointView): string {
  const left = active ? '' : 'not in the configuration any more';
  const ill = health === 'degraded' || health === 'failing';
  const why =
    health === 'paused'
      ? `${pausedBy ?? 'somebody'}: ${pauseReason ?? ''}`
      : ill && lastError !== null
        ? `${errorClass === null ? '' : `${errorClass}: `}${lastError}`
        : '';
  return [left, why].filter((each) => each !== '').join('; ');
}

/** Whether every endpoint takes what it is sent; nothing where there is none. */
export function endpointChecks(endpoints: readonly EndpointView[]): readonly Check[] {
  const active = endpoints.filter((endpoint) => endpoint.active);
  if (active.length === 0) return [];
  const name = 'endpoints';
  const failing = active.filter(({ health }) => health === 'failing');
  if (failing.length === 0) {
    const counts = Map.groupBy(active, ({ health }) => health);
    const detail = [...counts].map(([health, of]) => `${String(of.length)} ${health}`).join(', ');
    return [{ name, ok: true, detail }];
  }
  const detail = failing.map((each) => `${each.name} takes nothing: ${troubleOf(each)}`).join('; ');
  const cure = `have its owner mend what the error names; try it with: reefline endpoint test ${failing[0]?.name ?? ''}`;
  return [{ name, ok: false, detail, cure }];
}

/** Endpoints that get what they are owed late, or nothing because a person said so: no failure, but worth knowing. */
export function notesOnEndpoints(endpoints: readonly EndpointView[], now: number): readonly string[] {
  return endpoints.flatMap((endpoint) => {
    const { active, name, health, since } = endpoint;
    if (!active || (health !== 'degraded' && health !== 'paused')) return [];
    const why = troubleOf(endpoint).replace(/\.$/, '');
    const when = since === null ? '' : ` for ${duration(now - since.getTime())}`;
    return [
      `The endpoint ${name} has been ${health}${when}${why === '' ? '' : ` (${why})`}. See it with: reefline endpoint list`,
    ];
  });
}
