import type { EventQueue } from '../examples/flights/event-queue.ts';
import type { Finding } from './checker.ts';
import { FAULTS } from './faults.ts';
import type { Largest } from './histories.ts';
import type { Load } from './load.ts';

export interface Played {
  readonly load: Load;
  /** How often each kind of fault struck. */
  readonly struck: ReadonlyMap<string, number>;
  readonly repaired: number;
  readonly queue: EventQueue;
  readonly findings: readonly Finding[];
  readonly largest: readonly Largest[];
  /** The most memory of each worker, in MiB. */
  readonly peaks: readonly number[];
  readonly seed: number;
  readonly minutes: number;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Says once a minute how far it is; returns what ends that. */
export function sayProgress({ load, struck, queue }: Pick<Played, 'load' | 'struck' | 'queue'>): () => void {
  const begun = performance.now();
  const timer = setInterval(() => {
    const minutes = Math.round((performance.now() - begun) / 60_000);
    const faults = [...struck.values()].reduce((sum, count) => sum + count, 0);
    say(
      `After ${String(minutes)} min: ${String(faults)} faults, ${String(load.hours)} hours fetched and ${String(load.restated)} again, ${String(queue.size)} events received.`,
    );
  }, 60_000);
  return () => clearInterval(timer);
}

/** Prints what happened and which promises held; true when all of them did. */
export function report(played: Played): boolean {
  const { load, struck, repaired, queue, findings, largest, peaks, seed, minutes } = played;
  say(`\nFaults`);
  for (const { name } of FAULTS) say(`  ${String(struck.get(name) ?? 0).padStart(4)}  ${name}`);
  say(
    `\nWork: ${String(load.hours)} hours fetched and ${String(load.restated)} fetched again; ${String(repaired)} runs failed for good and were run again; ` +
      `${String(queue.size)} events received, ${String(queue.duplicates)} of them more than once.`,
  );
  say('\nLargest histories');
  for (const { type, executions, events, bytes } of largest)
    say(
      `  ${type}: ${String(events)} events, ${String(Math.round(bytes / 1024))} KiB (of ${String(executions)})`,
    );
  say(`Memory of a worker at its peak: ${peaks.map((peak) => `${String(peak)} MiB`).join(', ')}`);
  say('\nPromises');
  for (const { promise, looked, broken } of findings) {
    say(`  ${broken.length === 0 ? 'held  ' : 'BROKEN'}  ${promise} (${String(looked)} looked at)`);
    for (const sentence of broken.slice(0, 10)) say(`            ${sentence}`);
    if (broken.length > 10) say(`            and ${String(broken.length - 10)} more`);
  }
  const held = findings.every(({ broken }) => broken.length === 0);
  say(
    `\n${held ? 'Every promise held' : 'A promise was broken'}. ` +
      `To repeat: npm run chaos -- --minutes ${String(minutes)} --seed ${String(seed)}`,
  );
  return held;
}
