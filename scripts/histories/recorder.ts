import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { runId } from '../../pipeline/ids.ts';
import type { Engine } from '../../test/support/engine.ts';
import { eventually } from '../../test/support/eventually.ts';

const FOLDER = fileURLToPath(new URL('../../test/histories/', import.meta.url));

/** Writes the histories of executions to test/histories; those that are there stay as the build of their time made them. */
export interface Recorder {
  readonly write: (engine: Engine, name: string, workflowId: string, run?: string) => Promise<void>;
  /** Writes a history that no build has made, so that a replay which accepts everything is noticed. */
  readonly spoil: (name: string, how: string, replacement: readonly [string, string]) => void;
}

export function createRecorder(again: boolean): Recorder {
  mkdirSync(`${FOLDER}broken`, { recursive: true });
  const isKept = (file: string): boolean => !again && existsSync(file);
  return {
    write: async (engine, name, workflowId, run) => {
      const file = `${FOLDER}${name}.json`;
      if (isKept(file)) return;
      // One event a line, without what tells the machine that recorded it.
      const text = (await historyOf(engine, workflowId, run)).replaceAll(
        `${String(process.pid)}@${hostname()}`,
        'recorder',
      );
      const history = JSON.parse(text, (key, value: unknown) => (key === 'stackTrace' ? '' : value)) as {
        events: unknown[];
      };
      const lines = history.events.map((event) => JSON.stringify(event));
      writeFileSync(file, `{"events":[\n${lines.join(',\n')}\n]}\n`);
      process.stdout.write(`${name}: ${String(lines.length)} events\n`);
    },
    spoil: (name, how, [was, becomes]) => {
      const file = `${FOLDER}broken/${name}.${how}.json`;
      if (isKept(file)) return;
      const text = readFileSync(`${FOLDER}${name}.json`, 'utf8');
      if (!text.includes(was)) throw new Error(`${name} has no ${was}.`);
      writeFileSync(file, text.replaceAll(was, becomes));
      process.stdout.write(`broken/${name}.${how}\n`);
    },
  };
}

export async function historyOf(engine: Engine, workflowId: string, run?: string): Promise<string> {
  return historyToJSON(await engine.client.workflow.getHandle(workflowId, run).fetchHistory());
}

/** Waits until the run of a label has ended. */
export async function ended(engine: Engine, stage: string, timelabel: string): Promise<void> {
  await eventually(async () => {
    const { status } = await engine.client.workflow.getHandle(runId(stage, timelabel)).describe();
    if (status.name === 'RUNNING') throw new Error(`${stage} ${timelabel} is running.`);
  });
}
