import { suggest } from '../config/nearest.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { floorToPeriod } from '../pipeline/period.ts';
import {
  instantOf,
  intervalOf,
  isOnGrid,
  labelAt,
  labelForTick,
  type Timelabel,
} from '../pipeline/timelabel.ts';
import { InvalidInput } from './invalid-input.ts';
import { isoMinutes } from './moments.ts';

/** The stage of the configuration in force. @throws InvalidInput with the name that was probably meant. */
export function requireStage(table: Pick<RoutingTable, 'stages'>, id: string): StageDefinition {
  const stage = table.stages.get(id);
  if (stage !== undefined) return stage;
  throw new InvalidInput(`There is no stage "${id}": ${suggest(id, table.stages.keys(), 'apply it first')}`);
}

/** The pipeline of the configuration in force. @throws InvalidInput with the name that was probably meant. */
export function requirePipeline(table: Pick<RoutingTable, 'project'>, name: string): string {
  const { pipelines } = table.project;
  if (pipelines.includes(name)) return name;
  throw new InvalidInput(`There is no pipeline "${name}": ${suggest(name, pipelines, 'apply it first')}`);
}

/** Refuses a label whose interval has not ended, and names the newest one that has. */
export function requireEnded(stage: StageDefinition, label: Timelabel, now: number): void {
  const { end } = intervalOf(stage.period, label);
  if (end <= now) return;
  const newest = labelForTick(stage.period, now);
  throw new InvalidInput(
    `The interval of ${stage.id} ${label} ends at ${isoMinutes(new Date(end))}, so its data is not complete yet. The newest label whose interval has ended is ${newest}.`,
  );
}

/** Refuses a label that is no start of an interval of the stage, and names the one whose interval holds it. */
export function requireOnGrid(stage: StageDefinition, label: Timelabel): void {
  if (isOnGrid(stage.period, label)) return;
  const holder = labelAt(floorToPeriod(stage.period, instantOf(label)));
  throw new InvalidInput(
    `${label} is not the start of an interval of ${stage.id}, whose labels cover ${stage.period} each. It lies in the interval of ${holder}.`,
  );
}
