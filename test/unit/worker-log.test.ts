import { describe, expect, test } from '@jest/globals';
import { log as activityLog } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { logActivities, type TraceIdOf } from '../../workers/log/activity-log.ts';
import { JsonLog } from '../../workers/log/json-log.ts';
import { openLog } from '../../workers/log/worker-log.ts';
import { projectOf } from '../support/project.ts';

const RUN = { stage: 'orders.load', timelabel: '20200303110000', revision: 2 };
const NAMED = { pipeline: 'orders', ...RUN };

interface Line {
  readonly [name: string]: unknown;
}

/** What is logged when an activity of this name is called in the workflow of this id, and does what `work` says. */
async function linesOf(
  name: string,
  workflowId: string,
  args: readonly unknown[],
  work: () => unknown,
  traceIdOf?: TraceIdOf,
): Promise<Line[]> {
  const lines: Line[] = [];
  const log = new JsonLog((line) => lines.push(JSON.parse(line) as Line));
  const info = { activityType: name, attempt: 3, workflowExecution: { workflowId, runId: 'r' } };
  const environment = new MockActivityEnvironment(info, {
    logger: log.sdkLogger(),
    interceptors: [logActivities(log, traceIdOf)],
  });
  await environment.run(async () => work(), ...(args as [])).catch(() => undefined);
  return lines;
}

describe('the log in JSON', () => {
  test('has a line about each activity that did something, with the names of what it worked on', async () => {
    const of = `run/${RUN.stage}/${RUN.timelabel}`;
    const output = { rows: 5, bytes: null, uri: null, columns: null };
    expect(await linesOf('runStage', of, [RUN], () => ({ ended: false, output }))).toEqual([
      {
        ...NAMED,
        ...{ time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), level: 'info', message: 'stage done' },
        ...{ rows: 5, bytes: null, activity: 'runStage', attempt: 3, workflowId: of },
        milliseconds: expect.any(Number),
      },
    ]);
    const eventId = 'orders.load/20200303110000/r2';
    const closed = { status: 'SUCCESS', eventId };
    expect(await linesOf('runStage', of, [RUN], () => ({ ended: false, output, closed }))).toMatchObject([
      { ...NAMED, level: 'info', message: 'stage done' },
      { ...NAMED, level: 'info', message: 'run closed', ...closed },
    ]);
    const closing = [{ ...RUN, output: null, error: null }];
    expect(await linesOf('closeRun', of, closing, () => ({ status: 'FAILURE', eventId }))).toMatchObject([
      { ...NAMED, level: 'warn', message: 'run closed', status: 'FAILURE', eventId },
    ]);
    const asked = { stage: RUN.stage, timelabel: RUN.timelabel, trigger: 'manual', rerun: null };
    expect(await linesOf('openRun', of, [asked], () => ({ kind: 'run', revision: 2 }))).toMatchObject([
      { ...NAMED, message: 'run looked at', step: 'run' },
    ]);
    const message = { eventId, timelabel: RUN.timelabel, nonsense: 'x'.repeat(9) };
    const acceptance = { accepted: 1, rejected: 0, actions: [{}, {}], endpoints: [] };
    expect(await linesOf('acceptEvents', 'router/orders', ['orders', [message]], () => acceptance)).toEqual([
      {
        ...{ time: expect.any(String), level: 'info', message: 'events accepted', pipeline: 'orders' },
        ...{ received: 1, accepted: 1, rejected: 0, started: 2, eventId, timelabel: RUN.timelabel },
        ...{ activity: 'acceptEvents', attempt: 3, workflowId: 'router/orders' },
        milliseconds: expect.any(Number),
      },
    ]);
    expect(
      await linesOf('acceptEvents', 'router/orders-2', ['orders-2', [message]], () => acceptance),
    ).toMatchObject([{ pipeline: 'orders', workflowId: 'router/orders-2' }]);
    const forwarded = { delivered: 3, failed: 1, lastError: 'no access', nextDueSeconds: 1 };
    expect(
      await linesOf('forwardEvents', 'publisher/customers', ['customers'], () => forwarded),
    ).toMatchObject([
      { level: 'warn', endpoint: 'customers', delivered: 3, failed: 1, lastError: 'no access' },
    ]);
  });

  test('says nothing of what changed nothing', async () => {
    const nothing = { delivered: 0, failed: 0, lastError: null, nextDueSeconds: null };
    expect(await linesOf('forwardEvents', 'publisher/customers', ['customers'], () => nothing)).toEqual([]);
    expect(await linesOf('runStage', 'x', [RUN], () => ({ ended: true, output: null }))).toEqual([]);
    expect(await linesOf('resolveTick', 'x', [{ stage: RUN.stage, at: '' }], () => ({}))).toEqual([]);
  });

  test('gives what the SDK or a stage says the same names, and a failure its class', async () => {
    const error = ApplicationFailure.create({ type: 'throttled', message: 'too many requests' });
    const work = (): void => {
      activityLog.info('not shown');
      activityLog.warn('slow');
      throw error;
    };
    const lines = await linesOf('runStage', `run/${RUN.stage}/${RUN.timelabel}`, [RUN], work);
    expect(lines).toEqual([
      expect.objectContaining({ ...NAMED, level: 'warn', message: 'slow' }),
      expect.objectContaining({
        ...NAMED,
        ...{ message: 'Activity failed', activityType: 'runStage', attempt: 3 },
        error: { class: 'throttled', message: 'too many requests' },
      }),
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/taskToken|not shown/);
  });

  test('names the trace of a run, and of an event that came alone, where that is known', async () => {
    const traceIdOf: TraceIdOf = async ({ event, run }) => event?.traceparent ?? event?.eventId ?? run?.stage;
    const wait = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 1));
    const done = async (): Promise<unknown> => {
      await wait();
      return { ended: false, output: null };
    };
    expect(await linesOf('runStage', 'x', [RUN], done, traceIdOf)).toMatchObject([{ traceId: RUN.stage }]);
    const accepted = async (): Promise<unknown> => {
      await wait();
      return { accepted: 2, rejected: 0, actions: [], endpoints: [] };
    };
    const batch = (...ids: string[]): unknown[] => ['orders', ids.map((eventId) => ({ eventId }))];
    const traceIds: unknown[] = [];
    for (const args of [batch('e/r1'), batch('e/r1', 'e/r2')]) {
      const [line] = await linesOf('acceptEvents', 'router/orders', args, accepted, traceIdOf);
      traceIds.push(line?.['traceId']);
    }
    expect(traceIds).toEqual(['e/r1', undefined]);
    // An event that came with a trace is in that, whether or not its sender named it.
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const inTrace = ['orders', [{ traceparent }]];
    const [line] = await linesOf('acceptEvents', 'router/orders', inTrace, accepted, traceIdOf);
    expect(line?.['traceId']).toBe(traceparent);
  });

  test('fails no activity, whatever it returns', async () => {
    expect(await linesOf('runStage', 'x', [RUN], () => undefined)).toMatchObject([
      { level: 'warn', message: 'what this activity did cannot be written', activity: 'runStage' },
    ]);
  });

  test('contains no secret of the configuration, however it got into a line', () => {
    const project = projectOf(
      [{ name: 'priced', period: '1d' }],
      [{ name: 'customers', kind: 'sqs', queueUrl: '${env:QUEUE}' }],
    );
    const environment = {
      QUEUE: 'https://queues/secret"quoted"',
      REEFLINE_CATALOG_URL: 'postgres://reefline:pass%2Fword@db/reefline',
      TEMPORAL_API_KEY: 'key-of-temporal',
      AWS_SESSION_TOKEN: '',
      HOME: '/home/ada',
    };
    for (const format of ['json', 'text']) {
      let written = '';
      const log = openLog({ ...environment, REEFLINE_LOG: format }, (line) => (written += line));
      log.follow(project);
      for (const text of [environment.QUEUE, 'pass%2Fword', 'pass/word', environment.REEFLINE_CATALOG_URL]) {
        log.say(`It said ${text} and more.`);
        if (format === 'json') log.logger.error('lost', { error: new Error(text) });
      }
      log.complain('key-of-temporal at /home/ada');
      expect(written).not.toMatch(/secret|quoted|pass|word@|key-of/);
      expect(written).toContain('It said ${env:QUEUE} and more.');
      expect(written).toContain('${env:TEMPORAL_API_KEY} at /home/ada');
      if (format === 'json')
        for (const line of written.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('message');
    }
  });

  test('is what it was for people, unless it is asked for', () => {
    let written = '';
    const write = (line: string): void => {
      written += line;
    };
    openLog({}, write).say('Routing.');
    openLog({ REEFLINE_LOG: 'text' }, write).complain('Over.');
    openLog({ REEFLINE_LOG: 'xml' }, write);
    expect(written).toBe(
      'reefline worker: Routing.\nreefline worker: Over.\nreefline worker: REEFLINE_LOG is "xml", which is neither json nor text; this is text.\n',
    );
  });
});
