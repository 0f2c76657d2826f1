import { nearest } from '../config/nearest.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { InvalidInput } from './invalid-input.ts';

/** The blocking checks that a person means by the dataset that they check, or by their own id or output. */
export function blockingChecks(table: RoutingTable, name: string): readonly StageDefinition[] {
  const checks = [...table.stages.values()].filter(({ work }) => work.kind === 'check' && work.blocking);
  const meant = checks.filter(
    ({ id, output, work }) => id === name || output === name || (work.kind === 'check' && work.from === name),
  );
  if (meant.length > 0) return meant;
  if (checks.length === 0)
    throw new InvalidInput(`No stage is a blocking check, so nothing of "${name}" is ever quarantined.`);
  const known = checks.flatMap(({ id, work }) => (work.kind === 'check' ? [work.from, id] : [id]));
  const listed = checks.map(({ id, work }) => (work.kind === 'check' ? `${id} (of ${work.from})` : id));
  const close = nearest(name, known);
  const cure = close === undefined ? '' : ` Did you mean ${close}?`;
  throw new InvalidInput(
    `No blocking check is named "${name}" or checks a dataset of that name.${cure} Blocking checks: ${listed.join(', ')}.`,
  );
}
