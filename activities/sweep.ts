import { recordFindings, recordMendings } from '../catalog/mendings.ts';
import { purgeStep } from '../catalog/retention.ts';
import { readSweepMark, writeSweepMark } from '../catalog/sweep-marks.ts';
import {
  describeFinding,
  describeMending,
  subjectOf,
  type Finding,
  type SweptFindingKind,
  type SweptKind,
} from '../pipeline/findings.ts';
import { abreast } from './abreast.ts';
import { lookFor } from './look-for.ts';
import { measureSweep } from './measurements.ts';
import { mendFinding } from './mend-finding.ts';
import { NO_METER, type Meter } from './metrics.ts';
import { ABREAST, type SweepTools } from './sweep-tools.ts';

export interface SweepKindInput {
  readonly kind: SweptFindingKind;
  /** Seconds that something must have been left undone. */
  readonly ageSeconds: number;
}

/** Looks for one kind of finding from where the sweep before ended, and mends what there is. */
export async function sweepKind(
  tools: SweepTools,
  { kind, ageSeconds }: SweepKindInput,
  meter: Meter = NO_METER,
): Promise<SweptKind> {
  const from = await readSweepMark(tools.db, kind);
  const look = await lookFor(kind, tools, { age: ageSeconds, from: from === '' ? undefined : from });
  const mendings = await mendAll(tools, look.findings);
  await writeSweepMark(tools.db, kind, look.mark ?? '');
  // The kind that compares with the log: what it has not seen stays.
  if (kind === 'unreported-event') await purgeOld(tools);
  const swept = { kind, found: mendings.length, mended: mendings.filter(({ mended }) => mended).length };
  measureSweep(meter, swept);
  return swept;
}

/** Steps of one sweep, so that it ends soon; what is left is for the next one. */
const PURGE_STEPS = 10;

/** Removes what the configuration does not keep any longer. */
async function purgeOld({ db, configs, beat }: SweepTools): Promise<void> {
  const { retention } = (await configs.current(db)).project;
  if (retention === undefined) return;
  for (let step = 0; step < PURGE_STEPS; step += 1) {
    beat();
    if (!(await purgeStep(db, retention.eventSeconds))) return;
  }
}

/** A finding, and what became of it. */
export interface Mending {
  readonly finding: Finding;
  readonly mended: boolean;
  /** What was done, or why it could not be. */
  readonly outcome: string;
}

/**
 * Mends the findings and records each. What cannot be mended is found again by the next sweep, and keeps none of the
 * others from being mended.
 */
export async function mendAll(
  tools: SweepTools,
  findings: readonly Finding[],
  mend: (finding: Finding) => Promise<void> = (finding) => mendFinding(tools, finding),
): Promise<readonly Mending[]> {
  const found = findings.map((finding) => ({
    kind: finding.kind,
    subject: subjectOf(finding),
    detail: describeFinding(finding),
  }));
  const numbers = await recordFindings(tools.db, found);
  const mendings = await abreast(findings, ABREAST, async (finding): Promise<Mending> => {
    tools.beat();
    try {
      await mend(finding);
      return { finding, mended: true, outcome: describeMending(finding) };
    } catch (error) {
      return { finding, mended: false, outcome: error instanceof Error ? error.message : String(error) };
    }
  });
  const records = mendings.flatMap(({ finding, mended, outcome }, at) => {
    const seq = numbers[at];
    return seq === undefined ? [] : [{ seq, mended, detail: `${describeFinding(finding)} (${outcome})` }];
  });
  await recordMendings(tools.db, records);
  return mendings;
}
