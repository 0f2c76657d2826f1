import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ROUTING_QUEUE } from '../pipeline/ids.ts';
import { cpuSeconds } from './cpu.ts';
import { clock } from './first-line.ts';
import { reported, type Figure } from './figure.ts';
import { residentMb } from './memory.ts';
import type { Stack } from './stack.ts';

const PROGRAM = fileURLToPath(new URL('../workers/main.ts', import.meta.url));
/** Lets what a start leaves behind end, and then what is measured. Milliseconds. */
const SETTLE = 5_000;
const IDLE = 30_000;

/** How long the worker of production takes until it routes, and what every process uses while nothing is to be done. */
export async function processes(stack: Stack): Promise<Figure[]> {
  const begun = clock();
  const worker = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    env: { ...process.env, ...stack.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  try {
    let seconds: number | undefined;
    for await (const line of createInterface({ input: worker.stderr })) {
      if (!line.includes(`Routing on task queue ${ROUTING_QUEUE}`)) continue;
      seconds = (clock() - begun) / 1_000;
      break;
    }
    if (seconds === undefined) throw new Error('The worker ended before it took work.');
    worker.stderr.resume();
    await pause(SETTLE);
    const pids = { worker: worker.pid ?? 0, bareWorker: stack.bare.pid, ...stack.serverPids };
    const each = (of: (pid: number, withChildren: boolean) => number): Map<string, number> =>
      new Map(Object.entries(pids).map(([name, pid]) => [name, of(pid, name === 'postgres')]));
    const before = each(cpuSeconds);
    await pause(IDLE);
    const used = each(cpuSeconds);
    const percent = new Map(
      [...used].map(([name, now]) => [
        name,
        Math.round((10_000_000 * (now - (before.get(name) ?? 0))) / IDLE) / 100,
      ]),
    );
    const memory = each(residentMb);
    return [
      reported('worker_start_seconds', seconds, { until: 'it takes work of the routing queue' }),
      reported('idle_cpu_percent', percent.get('worker') ?? Number.NaN, {
        percentOfOneCore: Object.fromEntries(percent),
        seconds: IDLE / 1_000,
      }),
      reported('idle_memory_mb', memory.get('worker') ?? Number.NaN, {
        memoryMb: Object.fromEntries(memory),
      }),
    ];
  } finally {
    worker.kill('SIGTERM');
    await ended;
  }
}
