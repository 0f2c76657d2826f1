import { ageOfNewest, loggedLabels, readOpenRuns, stillOpen, type OpenRun } from '../catalog/open-runs.ts';
import type { Finding } from '../pipeline/findings.ts';
import { runId } from '../pipeline/ids.ts';
import { necessaryInput } from '../pipeline/necessary-input.ts';
import type { Opening } from '../pipeline/opening.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { abreast } from './abreast.ts';
import { foreseeOpenings } from './foresee-openings.ts';
import { ABREAST, MOST, type Look, type Search, type SweepTools } from './sweep-tools.ts';

/** Open runs whose workflow has ended, and runs that have been opened and of which an open workflow knows nothing. */
export async function findVanishedRuns(tools: SweepTools, { age, from }: Search): Promise<Look> {
  const { db, configs, control, beat } = tools;
  const runs = await readOpenRuns(db, positionOf(from), ['WAITING', 'RUNNING'], age, MOST);
  const table = await configs.current(db);
  const states = await abreast(runs, ABREAST, ({ stage, timelabel }) => {
    beat();
    return control.stateOf(runId(stage, timelabel));
  });
  const suspects = runs.flatMap((run, at) => {
    const workflow = states[at];
    if (workflow === undefined || workflow === 'working') return [];
    // A waiting run is idle by nature; one whose stage is gone is to be closed.
    const fits = run.status === 'RUNNING' || (workflow === 'closed' && table.stages.has(run.stage));
    return fits ? [{ ...run, workflow }] : [];
  });
  // A run that ended between the two looks has ended in the ledger, too.
  const gone = await stillOpen(db, suspects);
  const findings = gone.map(({ held: _, missing: __, ...run }) => ({
    kind: 'vanished-run' as const,
    ...run,
  }));
  return { findings, ...roundOf(runs) };
}

/** Waiting runs that would run if they looked at their inputs. */
export async function findReadyRuns(tools: SweepTools, { age, from }: Search): Promise<Look> {
  const { db, configs } = tools;
  const runs = await readOpenRuns(db, positionOf(from), ['WAITING'], age, MOST);
  const targets = await withoutLacking(tools, targetsOf(await configs.current(db), runs));
  const openings: Opening[] = [];
  for (let at = 0; at < targets.length; at += FORESEEN) {
    openings.push(...(await foreseeOpenings(db, configs, targets.slice(at, at + FORESEEN))));
    tools.beat();
  }
  const findings: Finding[] = [];
  for (const [at, { timelabel, revision, trigger, stage }] of targets.entries()) {
    const opening = openings[at];
    if (opening?.kind !== 'run' || opening.alreadyOpen) continue;
    if (await isRecent(tools, opening, age)) continue;
    findings.push({ kind: 'ready-but-waiting', stage: stage.id, timelabel, revision, trigger });
  }
  return { findings, ...roundOf(runs) };
}

/** Runs whose inputs are looked at in one transaction; each may have thousands. */
const FORESEEN = 20;

/** Leaves out the runs that lack an input of which the log knows nothing: nearly all, and at little cost. */
async function withoutLacking(
  { db }: SweepTools,
  targets: readonly ReadyTarget[],
): Promise<readonly ReadyTarget[]> {
  const lacked = targets.map(({ stage, missing }) => necessaryInput(stage, missing ?? []));
  const known = lacked.filter((label) => label !== undefined);
  const logged = await loggedLabels(db, known);
  const absent = new Set(known.filter((_, at) => !logged.has(at)));
  return targets.filter((_, at) => {
    const label = lacked[at];
    return label === undefined || !absent.has(label);
  });
}

type ReadyTarget = Omit<OpenRun, 'stage'> & Parameters<typeof foreseeOpenings>[2][number];

function targetsOf(table: RoutingTable, runs: readonly OpenRun[]): readonly ReadyTarget[] {
  return runs.flatMap((run): ReadyTarget[] => {
    const stage = table.stages.get(run.stage);
    // What a pause or the limit holds is not overlooked.
    if (stage === undefined || run.held) return [];
    return [{ ...run, stage, request: { trigger: run.trigger, rerun: null } }];
  });
}

/** True when what makes the run possible may be on its way to it: its newest input, or the deadline that has passed. */
async function isRecent(
  { db }: SweepTools,
  opening: Extract<Opening, { kind: 'run' }>,
  age: number,
): Promise<boolean> {
  const newest = await ageOfNewest(
    db,
    opening.inputs.map(({ eventId }) => eventId),
  );
  return newest !== null && newest < age;
}

/** Where a round of open runs begins: after a row, named by `<stage> <timelabel>`. */
function positionOf(from: string | undefined): { readonly stage: string; readonly timelabel: string } {
  const [stage = '', timelabel = ''] = (from ?? '').split(' ');
  return { stage, timelabel };
}

function roundOf(runs: readonly OpenRun[]): Pick<Look, 'next' | 'mark'> {
  const last = runs.length < MOST ? undefined : runs.at(-1);
  const next = last === undefined ? null : `${last.stage} ${last.timelabel}`;
  return { next, mark: next };
}
