import type pg from 'pg';
import { findFormerStage, readNewestLabel, type LabelSubject } from '../catalog/why.ts';
import { suggest } from '../config/nearest.ts';
import { floorToPeriod } from '../pipeline/period.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import {
  instantOf,
  isOnGrid,
  labelAt,
  labelForTick,
  parseTimelabel,
  type Timelabel,
} from '../pipeline/timelabel.ts';
import { InvalidInput } from './invalid-input.ts';

type Named = Omit<LabelSubject, 'timelabel'>;

/** The stage or dataset of a name. @throws InvalidInput with the name that was probably meant. */
export async function findSubject(db: pg.Pool, table: RoutingTable, asked: string): Promise<Named> {
  const stage = table.stages.get(asked);
  if (stage !== undefined) return { asked, dataset: stage.output, stageId: stage.id };
  const known = table.datasets.get(asked);
  if (known !== undefined) return { asked, dataset: known.dataset, stageId: known.producer };
  const former = await findFormerStage(db, asked);
  if (former !== null) return { asked, ...former };
  const readers = [...table.stages.values()].filter(
    ({ work, inputs }) =>
      (work.kind === 'extract' && work.from === asked) || inputs.some(({ dataset }) => dataset === asked),
  );
  const [reader] = readers;
  if (reader !== undefined)
    throw new InvalidInput(
      `Nothing makes or reports ${asked}, so it has no labels: it is a source that ${reader.id} reads. Ask for what is made of it: reefline why ${reader.output}`,
    );
  const names = [...table.stages.keys(), ...table.datasets.keys()];
  throw new InvalidInput(
    `There is no stage and no dataset "${asked}": ${suggest(asked, names, 'write pipeline.stage or connection.schema.table')}`,
  );
}

/**
 * The label that was asked for, or without one the newest that is known. @throws InvalidInput when it is no start of an
 * interval; the message names the one that is.
 */
export async function findLabel(
  db: pg.Pool,
  table: RoutingTable,
  named: Named,
  label: Timelabel | undefined,
  now: number,
): Promise<Timelabel> {
  const period = (table.stages.get(named.stageId ?? '') ?? table.datasets.get(named.dataset))?.period;
  if (label === undefined) {
    const newest = parseTimelabel(await readNewestLabel(db, named, now));
    if (newest !== undefined) return newest;
    if (period !== undefined) return labelForTick(period, now);
    throw new InvalidInput(`Name the label of ${named.asked}, such as 20200303110000.`);
  }
  if (period === undefined || isOnGrid(period, label)) return label;
  const holder = labelAt(floorToPeriod(period, instantOf(label)));
  throw new InvalidInput(
    `${label} is not the start of an interval of ${named.asked}, whose labels cover ${period} each. It lies in the interval of ${holder}: reefline why ${named.asked} ${holder}`,
  );
}
