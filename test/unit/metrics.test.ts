import { afterEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import {
  measureAcceptance,
  measureDeliveries,
  measureFailure,
  measureInbound,
  measureRun,
  measureSweep,
  showCounters,
} from '../../activities/measurements.ts';
import { METRICS, NO_METER, type MetricName } from '../../activities/metrics.ts';
import type { StandingFigures } from '../../catalog/standing-figures.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Project } from '../../pipeline/project.ts';
import { CatalogWatch } from '../../workers/metrics/catalog-watch.ts';
import { metricsAddress } from '../../workers/metrics/metrics-address.ts';
import { createRegistry, type Registry, type Setter } from '../../workers/metrics/registry.ts';
import { RouterWatch } from '../../workers/metrics/router-watch.ts';
import { serveMetrics, type MetricsServer } from '../../workers/metrics/serve.ts';
import { projectOf } from '../support/project.ts';

const project = projectOf(
  [{ name: 'priced', period: '1d', reads: [] }],
  [{ name: 'customers', kind: 'sqs', queueUrl: 'q' }],
);
const [stage] = project.stages;
if (stage === undefined) throw new Error('The project has no stage.');

const FIGURES: StandingFigures = {
  configVersion: 3,
  open: [{ pipeline: 'p', waiting: 2, running: 1, oldest: 61.5 }],
  held: [{ pipeline: 'p', cause: 'storm', count: 4 }],
  backfills: [{ state: 'planned', count: 7 }],
  endpoints: [{ endpoint: 'customers', paused: true, health: 'paused', owed: 5, dead: 1, oldest: null }],
  inbound: [
    { source: 'drop', failing: true, lag: 3, sincePoll: 400.5, sinceEvent: 900 },
    { source: 'fresh', failing: false, lag: null, sincePoll: null, sinceEvent: null },
  ],
};

/** The lines of one metric, without what Prometheus reads about it. */
async function linesOf(registry: Registry, name: string): Promise<string[]> {
  return (await registry.read())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe('the registry', () => {
  test('shows each metric under its own name, with what was counted', async () => {
    const registry = createRegistry(() => Promise.resolve());
    measureAcceptance(registry.meter, 'p', 10, { accepted: 6, rejected: 1 }, performance.now());
    measureRun(registry.meter, stage, 'EMPTY', 45_000, { rows: 0, bytes: 12 });
    measureRun(registry.meter, stage, 'SUPERSEDED', null, null);
    measureFailure(registry.meter, stage, new StageFailure('throttled', 'x'));
    measureFailure(registry.meter, stage, new Error('a bug'));
    measureInbound(registry.meter, 'drop', { accepted: 5, rejected: 2, ignored: 0 });
    measureSweep(registry.meter, { kind: 'vanished-run', found: 3, mended: 2 });
    const text = await registry.read();
    for (const line of [
      'reefline_sweep_findings_total{kind="vanished-run",result="unmended"} 1',
      'reefline_inbound_events_total{source="drop",result="rejected"} 2',
      'reefline_events_received_total{router="p"} 10',
      'reefline_events_rejected_total{router="p"} 1',
      'reefline_events_deduplicated_total{router="p"} 3',
      'reefline_event_route_duration_seconds_count{router="p"} 1',
      `reefline_runs_total{pipeline="p",stage="${stage.id}",outcome="EMPTY"} 1`,
      `reefline_runs_total{pipeline="p",stage="${stage.id}",outcome="SUPERSEDED"} 1`,
      `reefline_run_duration_seconds_count{pipeline="p",stage="${stage.id}"} 1`,
      `reefline_run_duration_seconds_bucket{pipeline="p",stage="${stage.id}",le="30"} 0`,
      `reefline_run_duration_seconds_bucket{pipeline="p",stage="${stage.id}",le="60"} 1`,
      `reefline_run_bytes_total{pipeline="p",stage="${stage.id}"} 12`,
      `reefline_attempt_failures_total{pipeline="p",stage="${stage.id}",class="throttled"} 1`,
      `reefline_attempt_failures_total{pipeline="p",stage="${stage.id}",class="unexpected"} 1`,
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toContain('# TYPE reefline_runs_total counter');
    // What else it says of itself would be said twice on a page that the Temporal SDK shares.
    expect(text).not.toMatch(/target_info|otel_scope|# UNIT/);
  });

  test('shows at 0 what an alert waits for, before it happens the first time', async () => {
    const registry = createRegistry(() => Promise.resolve());
    showCounters(registry.meter, project);
    showCounters(NO_METER, project);
    const text = await registry.read();
    expect(text).toContain(`reefline_runs_total{pipeline="p",stage="${stage.id}",outcome="FAILURE"} 0`);
    expect(text).toContain('reefline_delivery_dlq_total{endpoint="customers"} 0');
    measureDeliveries(
      registry.meter,
      'customers',
      [{ eventId: 'e', replay: null, messageId: null, error: null, retryIn: null }],
      0,
    );
    expect(await linesOf(registry, 'reefline_delivery_attempts_total')).toEqual([
      'reefline_delivery_attempts_total{endpoint="customers",result="failed"} 0',
      'reefline_delivery_attempts_total{endpoint="customers",result="delivered"} 1',
    ]);
  });

  test('names follow the conventions of Prometheus, and no label grows without end', () => {
    const names = Object.keys(METRICS) as MetricName[];
    const labels = new Set(names.flatMap((name) => METRICS[name].labels as readonly string[]));
    expect([...labels].sort()).toEqual(
      [
        'cause',
        'class',
        'endpoint',
        'health',
        'kind',
        'outcome',
        'pipeline',
        'result',
        'router',
        'source',
        'stage',
        'state',
      ].sort(),
    );
    for (const name of names) {
      expect(name.endsWith('_total')).toBe(METRICS[name].kind === 'counter');
      if (METRICS[name].kind === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });
});

describe('the gauges of the catalog', () => {
  /** Never connected. */
  const pool = new pg.Pool();

  /** What one scrape finds, by metric and labels. */
  async function scrape(watch: CatalogWatch): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    const set: Setter = (name, labels, value) => {
      found[[name, ...Object.values(labels as Record<string, string>)].join(' ')] = value;
    };
    await watch.observe(set);
    return found;
  }

  test('are read once for everybody who asks within ten seconds', async () => {
    let [reads, now] = [0, 0];
    const read = async (): Promise<StandingFigures> => {
      reads += 1;
      return FIGURES;
    };
    const watch = new CatalogWatch(read, () => now);
    expect(Object.keys(await scrape(watch))).toEqual([
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
    ]);
    watch.watch(pool);
    const [first] = await Promise.all([scrape(watch), scrape(watch)]);
    expect(reads).toBe(1);
    expect(first).toMatchObject({
      reefline_catalog_reachable: 1,
      'reefline_catalog_connections idle': 0,
      reefline_config_version: 3,
      'reefline_joins_pending p': 2,
      'reefline_join_oldest_pending_seconds p': 61.5,
      'reefline_runs_open p': 1,
      'reefline_labels_held p storm': 4,
      'reefline_backfill_partitions planned': 7,
      'reefline_endpoint_paused customers': 1,
      'reefline_delivery_owed customers': 5,
      'reefline_delivery_dead_letters customers': 1,
      'reefline_delivery_oldest_unsent_seconds customers': 0,
      'reefline_inbound_failing drop': 1,
      'reefline_inbound_failing fresh': 0,
      'reefline_inbound_lag_seconds drop': 3,
      'reefline_inbound_since_poll_seconds drop': 400.5,
      'reefline_inbound_since_event_seconds drop': 900,
    });
    expect(first).not.toHaveProperty('reefline_inbound_since_poll_seconds fresh');
    now = 10_001;
    await scrape(watch);
    expect(reads).toBe(2);
  });

  test('are absent while the catalog does not answer, and one of them says so', async () => {
    let [away, now] = [false, 0];
    const read = (): Promise<StandingFigures> =>
      away ? Promise.reject(new Error('gone')) : Promise.resolve(FIGURES);
    const watch = new CatalogWatch(read, () => now);
    watch.watch(pool);
    const registry = createRegistry((set) => watch.observe(set));
    expect(await linesOf(registry, 'reefline_joins_pending')).toEqual([
      'reefline_joins_pending{pipeline="p"} 2',
    ]);
    away = true;
    now = 20_000;
    expect(await linesOf(registry, 'reefline_catalog_reachable')).toEqual(['reefline_catalog_reachable 0']);
    expect(await linesOf(registry, 'reefline_joins_pending')).toEqual([]);
  });
});

describe('what routers hold', () => {
  test('is asked of a hundred routers at a time and at most every 30 s, and is absent where none answers', async () => {
    const inbound = [{ name: 'drop' }] as unknown as Project['inbound'];
    const stages = Array.from({ length: 150 }, (_, at) => ({ pipeline: `p${String(at)}` }));
    let now = 0;
    const asked: string[] = [];
    const found: Record<string, number> = {};
    const others: string[] = [];
    const set: Setter = (name, labels, value) => {
      const router = Object.values(labels as Record<string, string>).join(' ');
      if (name === 'reefline_router_queued') found[router] = value;
      else others.push(`${name} ${router} ${String(value)}`);
    };
    const watch = new RouterWatch(() => now);
    await watch.observe(set);
    const routers = { p149: 3 };
    watch.follow({ ...project, stages, inbound, routers } as unknown as Project);
    watch.watch((router) => {
      asked.push(router);
      // A worker of an older build says less.
      const more = router === 'p2' ? { historyEvents: 900, continued: 7 } : {};
      return Promise.resolve(router === 'p1' ? undefined : { queued: asked.length, ...more });
    });
    await Promise.all([watch.observe(set), watch.observe(set)]);
    expect(asked).toEqual(stages.slice(0, 100).map(({ pipeline }) => pipeline));
    expect(Object.keys(found)).toHaveLength(99);
    expect(new Set(others)).toEqual(
      new Set(['reefline_router_history_events p2 900', 'reefline_router_continue_as_new_total p2 7']),
    );
    now = 30_001;
    await watch.observe(set);
    expect(new Set(asked).size).toBe(153);
    expect(asked).toEqual(expect.arrayContaining(['p149', 'p149-2', 'p149-3']));
    expect(found['inbound-drop']).toBe(153);
    expect(found).not.toHaveProperty('p1');
  });
});

describe('the server of metrics and probes', () => {
  let server: MetricsServer | undefined;
  afterEach(async () => {
    await server?.close();
  });

  async function get(path: string): Promise<[number, string]> {
    const answer = await fetch(`${server?.url ?? ''}${path}`);
    return [answer.status, await answer.text()];
  }

  test('answers probes from the start, and says why the worker is not ready', async () => {
    let unready: string | undefined = 'It waits for the catalog.';
    server = await serveMetrics(
      { host: '127.0.0.1', port: 0 },
      { metrics: () => Promise.resolve('a 1\n'), unready: () => unready },
    );
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    expect(await get('/readyz')).toEqual([503, 'It waits for the catalog.\n']);
    unready = undefined;
    expect(await get('/readyz?x')).toEqual([200, 'ok\n']);
    expect(await get('/metrics')).toEqual([200, 'a 1\n']);
    expect((await get('/'))[0]).toBe(404);
    const port = Number(new URL(server.url).port);
    await expect(
      serveMetrics(
        { host: '127.0.0.1', port },
        { metrics: () => Promise.resolve(''), unready: () => undefined },
      ),
    ).rejects.toThrow(/REEFLINE_METRICS_ADDRESS .* cannot be served: EADDRINUSE\. Give each worker/);
  });

  test('its address is a host and a port, or the worker says what to write', () => {
    const read = (text?: string): unknown => metricsAddress({ REEFLINE_METRICS_ADDRESS: text });
    expect(read()).toBeUndefined();
    expect(read('')).toBeUndefined();
    expect(read('0.0.0.0:9464')).toEqual({ host: '0.0.0.0', port: 9464 });
    expect(read('[::1]:0')).toEqual({ host: '::1', port: 0 });
    for (const wrong of [
      '9464',
      ':9464',
      'localhost',
      'localhost:99999',
      'http://localhost:9464',
      '::1:9464',
    ])
      expect(() => read(wrong)).toThrow(/Write for example 0\.0\.0\.0:9464/);
  });
});
