import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { createPayloadCodec, UnreadablePayload } from '../../client/payload-codec.ts';
import { readPayloads, writePayloads } from '../../workers/codec-server/payload-json.ts';
import * as workflows from '../../workflows/index.ts';
import { PAYLOAD_CONVERTER } from '../../workers/run-workers.ts';
import { QUIET_CORE } from '../support/quiet-core.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

/*
 * Executions that began under a deployed build go on under this one. When a test here fails after a change of a
 * workflow, running executions would stop with a determinism error: keep the old order of commands behind `patched()`,
 * or let the change begin with new executions. Recording the histories again hides the problem (docs/testing.md).
 */
const FOLDER = fileURLToPath(new URL('../histories/', import.meta.url));

function namesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace(/\.json$/, ''))
    .sort();
}

function historyOf(name: string): { readonly events: readonly Record<string, unknown>[] } {
  return JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8')) as { events: Record<string, unknown>[] };
}

let options: ReplayWorkerOptions;

beforeAll(async () => {
  // The core would warn of every history that is refused as it should be.
  Runtime.install({
    logger: new DefaultLogger('ERROR', ({ message, meta }) => {
      if (!(meta?.['error'] instanceof UnreadablePayload)) console.error(message, meta);
    }),
    shutdownSignals: [],
    telemetryOptions: { logging: QUIET_CORE },
  });
  options = {
    workflowBundle: await workflowBundle(),
    dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER },
  };
});

/** The workflow id that the history began with; the workflows check it. */
function workflowIdOf(name: string): string {
  const [started] = historyOf(name).events;
  const attributes = started?.['workflowExecutionStartedEventAttributes'] as
    { workflowId?: string } | undefined;
  if (attributes?.workflowId === undefined) throw new Error(`${name} does not say its workflow id.`);
  return attributes.workflowId;
}

describe('executions that a deployed build began', () => {
  test.each(namesIn(FOLDER))('%s goes on under this build', async (name) => {
    await Worker.runReplayHistory(options, historyOf(name), workflowIdOf(name));
  });

  test('every workflow of this build has one', () => {
    const recorded = new Set(namesIn(FOLDER).map((name) => name.split('.')[0]));
    expect(Object.keys(workflows).sort()).toEqual([...recorded].sort());
  });

  test('carry the flags of the SDK, without which a replay accepts everything', () => {
    for (const name of namesIn(FOLDER)) {
      const flags = historyOf(name).events.flatMap((event) => {
        const attributes = event['workflowTaskCompletedEventAttributes'] as
          { sdkMetadata?: { coreUsedFlags?: number[] } } | undefined;
        return attributes?.sdkMetadata?.coreUsedFlags ?? [];
      });
      expect([name, flags.includes(1)]).toEqual([name, true]);
    }
  });
});

/** One of each workflow. */
const SHORT = [
  ...['backfill.paused', 'historicalSync.started', 'publisher.delivering', 'router.accepting'],
  ...['stageRun.failure', 'sweep.mended', 'tick.manual'],
];

test.each(SHORT)('%s goes on when encryption is switched on half way', async (name) => {
  const codec = createPayloadCodec({ keys: { a: Buffer.alloc(32, 'a') }, encryptWith: 'a' });
  const dataConverter = { ...options.dataConverter, payloadCodecs: [codec] };
  const history = await encrypted(historyOf(name), codec);
  expect(JSON.stringify(history)).toContain(Buffer.from('binary/encrypted').toString('base64'));
  await Worker.runReplayHistory({ ...options, dataConverter }, history, workflowIdOf(name));
});

test('a history whose key is missing fails the task, which says the id of the key', async () => {
  const codecOf = (id: string): PayloadCodec =>
    createPayloadCodec({ keys: { [id]: Buffer.alloc(32, id) }, encryptWith: id });
  const history = await encrypted(historyOf('tick.manual'), codecOf('a'));
  const dataConverter = { ...options.dataConverter, payloadCodecs: [codecOf('b')] };
  const replay = Worker.runReplayHistory({ ...options, dataConverter }, history, workflowIdOf('tick.manual'));
  await expect(replay).rejects.toThrow(/encrypted with the key \\?"a/);
});

/** The history as JSON with every second payload encrypted; search attributes and the core's own records never are. */
async function encrypted<T>(value: T, codec: PayloadCodec, counter = { payloads: 0 }): Promise<T> {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value as unknown[]) items.push(await encrypted(item, codec, counter));
    return items as T;
  }
  const { metadata, data } = value as { metadata?: Record<string, string>; data?: unknown };
  if (typeof metadata?.['encoding'] === 'string' && (counter.payloads += 1) % 2 === 1) {
    const read = readPayloads(JSON.stringify({ payloads: [{ metadata, data }] })) ?? [];
    return writePayloads(await codec.encode(read)).payloads[0] as T;
  }
  const fields: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value as Record<string, unknown>))
    fields.push([
      name,
      name === 'searchAttributes' || name === 'header' || name === 'data'
        ? field
        : await encrypted(field, codec, counter),
    ]);
  return Object.fromEntries(fields) as T;
}

describe('histories that this build cannot have made', () => {
  test.each(namesIn(`${FOLDER}broken`))('%s is refused', async (name) => {
    const replay = Worker.runReplayHistory(
      options,
      historyOf(`broken/${name}`),
      workflowIdOf(`broken/${name}`),
    );
    await expect(replay).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism/);
  });
});
