import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A customer's process at a queue. */
export interface Consumer<T> {
  /** What it has received so far, in order. */
  readonly received: readonly T[];
  /** Waits until it finds the queue empty, and gives what it has received since the last time. */
  drain(): Promise<T[]>;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./consumer-process.ts', import.meta.url));

/** Starts a process that takes the messages of a queue, of which the bodies are `T`. */
export function startConsumer<T>(queueUrl: string): Consumer<T> {
  const child = spawn(process.execPath, [PROGRAM, queueUrl], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const received: T[] = [];
  const lines = createInterface({ input: child.stdout });
  let drained = 0;
  lines.on('line', (line) => {
    if (line !== '') received.push(JSON.parse(line) as T);
  });
  return {
    received,
    async drain() {
      // The first empty answer may be to a question from before.
      for (let empty = 0; empty < 2;) {
        const [line] = (await Promise.race([
          once(lines, 'line'),
          exit.then(() => Promise.reject(new Error('The consumer ended.'))),
        ])) as [string];
        empty = line === '' ? empty + 1 : 0;
      }
      const since = received.slice(drained);
      drained = received.length;
      return since;
    },
    async stop() {
      child.stdin.end();
      await exit;
    },
  };
}
