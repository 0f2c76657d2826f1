import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { signalRouters } from '../activities/signal-routers.ts';
import { inDecision } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { judgeQuarantine, type Judged, type Judgement } from '../catalog/judge-quarantine.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { routerSignal } from '../workers/signal-router.ts';

export interface JudgedCheck {
  readonly check: string;
  readonly judged: Judged;
}

/**
 * Judges what the given checks have quarantined and tells the routers. When the process dies after the judgement is
 * recorded, the sweep tells them.
 */
export async function judgeChecks(
  db: pg.Pool,
  configs: ConfigStore,
  client: Client,
  checks: readonly StageDefinition[],
  judgement: Omit<Judgement, 'check'>,
): Promise<readonly JudgedCheck[]> {
  const signal = routerSignal(client);
  const { project } = await configs.current(db);
  const done: JudgedCheck[] = [];
  for (const check of checks) {
    const judged = await inDecision(db, (transaction) =>
      judgeQuarantine(transaction, configs, { ...judgement, check }),
    );
    if (judged.kind === 'judged') await signalRouters(project, signal, check.pipeline, [judged.event]);
    done.push({ check: check.id, judged });
  }
  return done;
}

export function describeJudged({ check, judged }: JudgedCheck, timelabel: string): string {
  if (judged.kind === 'judged') {
    const revision = `recorded as revision ${String(judged.event.revision)} of ${check}`;
    return judged.event.outcome === 'RELEASED'
      ? `${timelabel} is released; its dependents run. (${revision})`
      : `${timelabel} is rejected; its dependents hold until newer data passes the check. (${revision})`;
  }
  const { latest } = judged;
  if (latest?.outcome === 'RELEASED')
    return `${timelabel} was released by ${check} revision ${String(latest.revision)}, and its dependents may have taken it. To replace it, mend the data and make it again: the check looks at what is new, and the dependents run again.`;
  return latest === null
    ? `${check} has not looked at ${timelabel}.`
    : `${check} does not quarantine ${timelabel}: its revision ${String(latest.revision)} is ${latest.outcome ?? latest.status}.`;
}
