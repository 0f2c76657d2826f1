import { suggest } from '../config/nearest.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { InvalidInput } from './invalid-input.ts';

/** The stages of a pipeline, or the one stage. @throws InvalidInput when the configuration in force knows neither. */
export function stagesOfScope(table: RoutingTable, scope: string): readonly StageDefinition[] {
  const stages = [...table.stages.values()].filter(({ id, pipeline }) => id === scope || pipeline === scope);
  if (stages.length > 0) return stages;
  const known = [...new Set([...table.stages.values()].flatMap(({ id, pipeline }) => [id, pipeline]))];
  throw new InvalidInput(
    `There is no pipeline and no stage "${scope}": ${suggest(scope, known, 'see "reefline status"')}`,
  );
}
