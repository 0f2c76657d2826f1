import { heartbeat } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { acceptEvents } from '../activities/accept-events.ts';
import { advanceBackfill } from '../activities/backfill-advance.ts';
import { controlBackfill } from '../activities/backfill-control.ts';
import { planBackfill } from '../activities/backfill-plan.ts';
import { closeRun, type ClosedRun, type CloseRunInput } from '../activities/close-run.ts';
import { judgeHealth } from '../activities/endpoint-health.ts';
import { NO_METER, type Meter } from '../activities/metrics.ts';
import { findSyncLabels, resolveSync } from '../activities/find-sync-labels.ts';
import { forwardEvents } from '../activities/forward-events.ts';
import { openRun } from '../activities/open-run.ts';
import { passDeadline } from '../activities/pass-deadline.ts';
import { reportEvents } from '../activities/report-events.ts';
import { resolveTick } from '../activities/resolve-tick.ts';
import { runStage, type StageEnvironment, type StageRunners } from '../activities/run-stage.ts';
import { sweepKind } from '../activities/sweep.ts';
import { NO_TRACER, type Tracer } from '../activities/tracer.ts';
import { ConfigStore } from '../catalog/config-store.ts';
import type { Activities } from '../workflows/activity-types.ts';
import { oneReportAtATime } from './one-report-at-a-time.ts';
import { runControl } from './run-control.ts';
import { redactFields, redactProject } from './redaction.ts';
import { resolveConnection } from './secrets.ts';
import { endpointSenders } from './senders.ts';
import { routerSignal } from './signal-router.ts';
import { wakePublisher } from './wake-publisher.ts';

export interface ActivityEnvironment {
  readonly db: pg.Pool;
  readonly client: Client;
  readonly runners: StageRunners;
  readonly environment: NodeJS.ProcessEnv;
  /** Absent, nothing is measured. */
  readonly meter?: Meter;
  /** Absent, nothing is traced. */
  readonly tracer?: Tracer;
}

/** Binds the activities to what they depend on. */
export function createActivities({
  db,
  client,
  runners,
  environment,
  meter = NO_METER,
  tracer = NO_TRACER,
}: ActivityEnvironment): Activities {
  const configs = new ConfigStore();
  const wake = (endpoint: string): Promise<void> => wakePublisher(client, endpoint);
  const signalRouter = routerSignal(client);
  const report = oneReportAtATime(reportEvents({ db, configs, signalRouter, wake, meter, tracer }));
  const sender = endpointSenders(environment);
  const secrets: Pick<StageEnvironment, 'resolveSecrets' | 'redact'> = {
    resolveSecrets: (connection) => resolveConnection(connection, environment),
    redact: (text, project) => redactProject(text, project, environment),
  };
  const close = (run: CloseRunInput): Promise<ClosedRun> => closeRun(db, configs, report, run, meter, tracer);
  return {
    acceptEvents: (router, messages) => acceptEvents(db, configs, router, messages, meter, tracer),
    openRun: (input) => openRun(db, configs, input, tracer),
    passDeadline: (input) => passDeadline(db, configs, report, input, meter, tracer),
    runStage: (key) => runStage({ db, configs, runners, ...secrets, close, meter, tracer }, key),
    closeRun: close,
    forwardEvents: (endpoint) =>
      forwardEvents(
        {
          ...{ db, sender, meter, tracer },
          redact: (text, definition) => redactFields(text, definition, environment),
          judge: (name) => judgeHealth({ db, configs, wake, tracer }, name),
        },
        endpoint,
      ),
    planBackfill: (input) => planBackfill(db, configs, input),
    advanceBackfill: (input) => advanceBackfill(db, configs, input),
    controlBackfill: (input) => controlBackfill(db, configs, input),
    resolveSync: (request) => resolveSync(db, configs, request),
    findSyncLabels: (input) => findSyncLabels({ db, configs, ...secrets }, input),
    resolveTick: (input) => resolveTick(db, configs, input),
    sweepKind: (input) =>
      sweepKind({ db, configs, control: runControl(client), report, beat: () => heartbeat() }, input, meter),
  };
}
