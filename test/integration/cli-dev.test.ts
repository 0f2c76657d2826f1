import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { DevReport } from '../../cli/dev/dev-report.ts';
import { freePort } from '../../local/free-port.ts';
import { commandOf } from '../../local/process-table.ts';
import { runReefline } from '../support/cli-terminal.ts';
import { eventually } from '../support/eventually.ts';
import { startTraceReceiver, type ReceivedSpan, type TraceReceiver } from '../support/trace-receiver.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** The first label is fetched at the next full minute. */
const PATIENCE = 150_000;

let dir: string;
let dev: ChildProcess | undefined;
let reports: DevReport[];
let metricsAddress: string;
let traces: TraceReceiver;
let complaints: string[];

beforeAll(async () => {
  metricsAddress = `127.0.0.1:${String(await freePort())}`;
  traces = await startTraceReceiver();
  dir = mkdtempSync(join(tmpdir(), 'reefline-init-'));
  expect((await runReefline(['init', dir])).exitCode).toBe(0);
});

beforeEach(() => {
  reports = [];
  complaints = [];
});

afterEach(() => {
  dev?.kill('SIGKILL');
});

afterAll(async () => {
  await traces.close();
  rmSync(dir, { recursive: true, force: true });
});

function startDev(): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', CLI, 'dev', dir, '--json'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, REEFLINE_METRICS_ADDRESS: metricsAddress, ...traces.environment },
    },
  );
  createInterface({ input: child.stdout }).on('line', (line) => reports.push(JSON.parse(line) as DevReport));
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  dev = child;
  return child;
}

type ReportOf<Kind> = Extract<DevReport, { kind: Kind }>;

/** The first report of a kind, once it is there. */
async function reported<Kind extends DevReport['kind']>(
  kind: Kind,
  wanted: (report: ReportOf<Kind>) => boolean = () => true,
): Promise<ReportOf<Kind>> {
  const find = (): ReportOf<Kind> | undefined =>
    reports
      .filter((report): report is ReportOf<Kind> => report.kind === kind)
      .find((report) => wanted(report));
  await eventually(() => {
    if (find() === undefined)
      throw new Error(`No ${kind} in ${JSON.stringify(reports)} ${complaints.join('\n')}`);
  }, PATIENCE);
  return find()!;
}

interface Descendant {
  readonly pid: number;
  readonly command: string;
}

/** The processes that a process has started, and those that they have started. */
function descendantsOf(pid: number): Descendant[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const children = table.filter(([child, parent]) => parent === pid && child !== pid).map(([child]) => child);
  return children.flatMap((child) => {
    const command = commandOf(child);
    // `ps` itself is one of ours for a moment.
    return command === undefined ? [] : [{ pid: child, command }, ...descendantsOf(child)];
  });
}

function living(processes: readonly Descendant[]): Descendant[] {
  return processes.filter(({ pid, command }) => commandOf(pid) === command);
}

async function rowsServed(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query<{ count: number }>(
      'select count(*)::int as count from public.revenue where revenue > 0',
    );
    return found.rows[0]?.count ?? 0;
  } finally {
    await client.end();
  }
}

/** What the worker of the session serves to Prometheus and to probes, once it has closed the run that was just reported. */
async function expectMetrics(): Promise<void> {
  const address = `http://${metricsAddress}`;
  expect(await (await fetch(`${address}/readyz`)).text()).toBe('ok\n');
  await eventually(async () => {
    const text = await (await fetch(`${address}/metrics`)).text();
    for (const line of [
      /^reefline_runs_total\{pipeline="orders",stage="orders\.serve_revenue",outcome="SUCCESS"\} [1-9]/m,
      /^reefline_run_duration_seconds_count\{pipeline="orders",stage="orders\.serve_revenue"\} [1-9]/m,
      /^reefline_event_to_start_seconds_count\{pipeline="orders",stage="orders\.serve_revenue"\} [1-9]/m,
      /^reefline_events_received_total\{router="orders"\} [1-9]/m,
      /^reefline_catalog_reachable 1$/m,
      /^reefline_config_version 1$/m,
      // Those of the Temporal SDK are on the same page.
      /^temporal_activity_execution_latency_seconds_count\{.*activity_type="runStage".*\} [1-9]/m,
      /^temporal_worker_task_slots_available\{/m,
    ])
      expect(text).toMatch(line);
    const types = text.split('\n').filter((line) => line.startsWith('# TYPE '));
    expect(new Set(types).size).toBe(types.length);
  });
}

/** That the collector of the session has one whole trace, from an event to the end of its dependents, and the way to the next one. */
async function expectTraces(): Promise<void> {
  await eventually(() => {
    const spans = traces.spans();
    const nameOf = new Map(spans.map(({ spanId, name }) => [spanId, name]));
    const edgeOf = ({ name, parentSpanId = '' }: ReceivedSpan): string =>
      parentSpanId === '' ? name : `${nameOf.get(parentSpanId) ?? 'lost'} > ${name}`;
    const wanted = [
      'run orders.fetch_orders',
      'run orders.fetch_orders > attempt orders.fetch_orders',
      'run orders.fetch_orders > close orders.fetch_orders',
      'run orders.fetch_orders > accept lake.shop.orders',
      'accept lake.shop.orders > deliver customers',
      'accept lake.shop.orders > run orders.load_orders',
      'run orders.load_orders > attempt orders.load_orders',
      'run orders.load_orders > close orders.load_orders',
    ];
    const roots = spans.filter(({ name }) => name === 'run orders.fetch_orders');
    const whole = roots.map(({ traceId }) => {
      const edges = spans.filter((span) => span.traceId === traceId).map(edgeOf);
      expect(edges.filter((edge) => edge.startsWith('lost'))).toEqual([]);
      return edges;
    });
    // There may be schema changes of the run beside what it loaded, and an opening above.
    expect(whole).toContainEqual(expect.arrayContaining(wanted));
    const served = spans.find(
      (span) => edgeOf(span) === 'accept warehouse.marts.revenue > run orders.serve_revenue',
    );
    const reported = spans.find(({ spanId }) => spanId === served?.links?.[0]?.spanId);
    expect(reported).toMatchObject({
      name: 'accept serving.public.revenue',
      links: [{ traceId: served?.traceId, spanId: served?.spanId }],
    });
  });
}

describe('reefline dev on the project that reefline init writes', () => {
  test('serves rows, applies a change, keeps the version in force when a file is broken, and leaves nothing behind', async () => {
    const child = startDev();
    const { standIns, catalog, temporal } = await reported('ready');
    const serving = standIns.find(({ of }) => of === 'connections.serving')?.address ?? '';
    await eventually(async () => {
      expect(await rowsServed(serving)).toBeGreaterThan(0);
    }, PATIENCE);
    const served = await reported(
      'event',
      ({ event }) => event.dataset === 'serving.public.revenue' && event.eventType === 'data',
    );
    expect(served.event.outcome).toBe('SUCCESS');
    await expectMetrics();
    await expectTraces();

    appendFileSync(join(dir, 'sql/revenue.sql'), 'HAVING COUNT(*) > 0\n');
    await reported('applied', ({ configVersion }) => configVersion === 2);
    const env = { REEFLINE_CATALOG_URL: catalog, LANG: 'C.UTF-8' };
    expect((await runReefline(['status'], { env })).stdout).toMatch(/serve_revenue +1m +[^ ]/);

    // From another terminal, behind the back of the session.
    const terminal = { env: { ...env, TEMPORAL_ADDRESS: temporal } };
    expect(await runReefline(['config', 'rollback', '1', '--yes'], terminal)).toMatchObject({ exitCode: 0 });
    appendFileSync(join(dir, 'reefline.yaml'), 'nonsense: true\n');
    const { problems, inForce } = await reported('problems');
    expect(inForce).toBe(3);
    expect(problems).toMatchObject([{ file: 'reefline.yaml', field: 'nonsense' }]);

    const started = descendantsOf(child.pid ?? 0);
    expect(started.some(({ command }) => command.includes('workers/main.ts'))).toBe(true);
    expect(started.some(({ command }) => command.includes('postgres'))).toBe(true);
    const [folder = ''] =
      /\/\S*reefline-cloud-\w+/.exec(started.map(({ command }) => command).join(' ')) ?? [];
    expect(existsSync(folder)).toBe(true);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(living(started)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  }, 400_000);

  test('takes everything along when it is killed', async () => {
    // The project is the broken one of above: it starts all the same, and waits for its correction.
    const child = startDev();
    await reported('problems', ({ inForce }) => inForce === null);
    await reported('ready');
    const started = descendantsOf(child.pid ?? 0);
    expect(started.length).toBeGreaterThan(2);
    child.kill('SIGKILL');
    await eventually(() => expect(living(started)).toEqual([]));
  }, 360_000);
});

test('reefline init refuses to overwrite, and names what is there', async () => {
  const { exitCode, stderr } = await runReefline(['init', dir]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/already has reefline.yaml, pipelines\/orders.yaml/);
});
