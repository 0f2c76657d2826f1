import { publishStage } from '../activities/stages/publish.ts';
import { checkStage } from '../activities/stages/check.ts';
import { customStage } from '../activities/stages/custom.ts';
import { extractStage } from '../activities/stages/extract.ts';
import { loadStage } from '../activities/stages/load.ts';
import { registerStage } from '../activities/stages/register.ts';
import { transformStage } from '../activities/stages/transform.ts';
import type { StageRunner } from '../activities/stages/runner.ts';
import type { Project } from '../pipeline/project.ts';
import { Runtime } from '@temporalio/worker';
import { createActivities } from './activities.ts';
import { openCatalog } from './catalog.ts';
import { startInbound } from './inbound.ts';
import { CATALOG_SLOTS, runWorkers } from './run-workers.ts';
import { openLog } from './log/worker-log.ts';
import { metricsAddress } from './metrics/metrics-address.ts';
import type { WorkerMetrics } from './metrics/start.ts';
import { workerEncryption } from './payload-encryption.ts';
import { missingSecrets, resolveText } from './secrets.ts';
import { provideStageEntry, stageModules } from './stage-modules.ts';
import { connectClient, connectWorker } from './temporal.ts';
import { workerVersioning } from './versioning.ts';
import { askedTraces } from './traces/asked-traces.ts';
import type { TracesOptions, WorkerTraces } from './traces/start.ts';

/*
 * The worker process. Reads the environment (REEFLINE_CATALOG_URL, REEFLINE_PROJECT, REEFLINE_METRICS_ADDRESS, REEFLINE_LOG,
 * REEFLINE_WEBHOOK_ALLOW, REEFLINE_WORKFLOW_STACKS,
 * REEFLINE_PAYLOAD_KEYS, REEFLINE_PAYLOAD_KEY, REEFLINE_DEPLOYMENT, REEFLINE_BUILD_ID, TEMPORAL_*, AWS_*, OTEL_*, and what the configuration refers to), keeps trying while a server is away, and drains on SIGTERM and SIGINT.
 */
const log = openLog(process.env, (line) => void process.stderr.write(line));
const { say } = log;

async function main(): Promise<void> {
  const metrics = await askedMetrics();
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      say(`${name}: finishing what runs, taking nothing new.`);
      metrics?.ready('The worker is ending: it finishes what runs.');
      stop.abort();
    });
  }
  Runtime.install({
    logger: log.logger,
    shutdownSignals: [],
    telemetryOptions: { ...metrics?.telemetryOptions, logging: log.logging },
  });
  const encryption = workerEncryption(process.env);
  const versioning = workerVersioning(process.env);
  const db = await openCatalog(process.env, 2 * CATALOG_SLOTS + 10, say, stop.signal);
  metrics?.watch(db);
  const client = await connectClient(say, stop.signal);
  metrics?.watchRouters(client);
  const temporal = await connectWorker(say, stop.signal);
  const traces = await openTraces({
    db,
    namespace: temporal.namespace,
    say,
    redact: (text) => log.redact(text),
  });
  provideStageEntry();
  const modules = stageModules(process.env['REEFLINE_PROJECT'] ?? '.');
  const runners = {
    extract: extractStage as StageRunner,
    register: registerStage as StageRunner,
    load: loadStage as StageRunner,
    transform: transformStage as StageRunner,
    publish: publishStage as StageRunner,
    check: checkStage as StageRunner,
    custom: customStage({
      stageOf: (module) => modules.stageOf(module),
      resolveText: (text) => resolveText(text, process.env),
    }) as StageRunner,
  };
  const activities = createActivities({
    db,
    client,
    runners,
    environment: process.env,
    ...(metrics === undefined ? {} : { meter: metrics.meter }),
    ...(traces === undefined ? {} : { tracer: traces.tracer }),
  });
  const inbound = startInbound({
    db,
    client,
    environment: process.env,
    say,
    ...(metrics === undefined ? {} : { meter: metrics.meter }),
  });
  stop.signal.addEventListener('abort', () => void inbound.stop());
  const onConfig = (project: Project): void => {
    inbound.follow(project);
    metrics?.show(project);
    log.follow(project);
    const missing = missingSecrets(project, process.env);
    if (missing !== undefined) say(missing);
    void modules.problems(project).then((problems) => {
      for (const problem of problems) say(`${problem} Stages that need it fail until then.`);
    });
  };
  const onRouting = (): void => {
    if (!stop.signal.aborted) metrics?.ready();
  };
  try {
    await runWorkers({
      temporal,
      db,
      activities,
      say,
      signal: stop.signal,
      onConfig,
      onRouting,
      activityInterceptors: log.activityInterceptors,
      encryption,
      versioning,
      workflowStacks: process.env['REEFLINE_WORKFLOW_STACKS'] === '1',
    });
  } finally {
    await inbound.stop();
  }
  await traces?.close();
  await temporal.connection.close();
  await client.connection.close();
  await db.end();
  await metrics?.close();
}

/** Loads what serves metrics only in a worker that is asked for them. */
async function askedMetrics(): Promise<WorkerMetrics | undefined> {
  const address = metricsAddress(process.env);
  if (address === undefined) return undefined;
  const { startMetrics } = await import('./metrics/start.ts');
  const metrics = await startMetrics(address);
  say(`Metrics at ${metrics.url}/metrics.`);
  return metrics;
}

/** Loads what exports traces only in a worker that is asked for them. */
async function openTraces(options: Omit<TracesOptions, 'asked'>): Promise<WorkerTraces | undefined> {
  const asked = askedTraces(process.env);
  if (typeof asked === 'string') say(asked);
  if (asked === undefined || typeof asked === 'string') return undefined;
  const { startTraces } = await import('./traces/start.ts');
  const traces = await startTraces({ ...options, asked });
  log.nameTraces((traced) => traces.idOf(traced));
  say(`Traces to ${asked.collector} by ${asked.protocol}.`);
  return traces;
}

main().catch((error: unknown) => {
  log.complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
