import { hostname } from 'node:os';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type pg from 'pg';
import type { Tracer } from '../../activities/tracer.ts';
import { readCatalogBirth, readCauses } from '../../catalog/run-causes.ts';
import { traceOfRun } from '../../pipeline/trace-place.ts';
import type { TraceIdOf } from '../log/activity-log.ts';
import type { Say } from '../until-reachable.ts';
import type { AskedTraces } from './asked-traces.ts';
import { CauseReader } from './cause-reader.ts';
import { Recorder } from './recorder.ts';
import { SpanWriter } from './span-writer.ts';

/** The traces of one worker process. */
export interface WorkerTraces {
  readonly tracer: Tracer;
  /** The id of the trace that an event or a run is in; undefined when it is not known. */
  readonly idOf: TraceIdOf;
  /** Sends what is left, for some seconds at most. */
  close(): Promise<void>;
}

export interface TracesOptions {
  readonly asked: AskedTraces;
  readonly db: pg.Pool;
  /** Of Temporal. */
  readonly namespace: string;
  readonly say: Say;
  /** Takes the secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** Milliseconds that an ending worker gives to a collector that does not answer. */
const PATIENCE = 3_000;
/** Milliseconds between two lines about a collector that does not take traces. */
const SILENCE = 60_000;

/** Exports the spans of this worker. Where to, how and how many is said by the standard variables, which the SDK reads. */
export async function startTraces({
  asked,
  db,
  namespace,
  say,
  redact,
}: TracesOptions): Promise<WorkerTraces> {
  const writer = new SpanWriter({
    installation: JSON.stringify([namespace, await readCatalogBirth(db)]),
    processor: new BatchSpanProcessor(telling(await openExporter(asked.protocol), asked.collector, say)),
    // What the variables say goes before what stands here.
    resource: resourceFromAttributes({
      ...{ 'service.name': 'reefline', 'host.name': hostname(), 'process.pid': process.pid },
    }).merge(detectResources({ detectors: [envDetector] })),
    redact,
  });
  const causes = new CauseReader((runs) => readCauses(db, runs));
  const recorder = new Recorder(causes, writer);
  return {
    tracer: recorder,
    idOf: async ({ event, run }) => {
      if (run === undefined) return event === undefined ? undefined : writer.traceOf(event);
      const known = await causes.of(run).catch(() => undefined);
      return known === undefined ? undefined : writer.traceOf(traceOfRun(run, known));
    },
    close: async () => {
      const sent = recorder.settled().then(() => writer.close());
      const late = new Promise((resolve) => setTimeout(resolve, PATIENCE).unref());
      await Promise.race([sent.catch(() => undefined), late]);
    },
  };
}

async function openExporter(protocol: AskedTraces['protocol']): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await (protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  return new OTLPTraceExporter();
}

/** The exporter, saying now and then that its collector takes nothing. */
function telling(exporter: SpanExporter, collector: string, say: Say): SpanExporter {
  let silentUntil = 0;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined && Date.now() >= silentUntil) {
          silentUntil = Date.now() + SILENCE;
          const { message } = result.error;
          say(`The collector ${collector} takes no traces: ${message}. Pipelines run on without them.`);
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
