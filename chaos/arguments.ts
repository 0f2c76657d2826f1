import { parseArgs } from 'node:util';

/** What a run of the fault suite was asked for. */
export interface ChaosArguments {
  /** How long faults are injected, in minutes; the check afterwards takes as long as it needs. */
  readonly minutes: number;
  /** The same seed draws the same project, rows and faults. When they strike depends on the machine. */
  readonly seed: number;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run chaos -- [--minutes N] [--seed S]

Runs a random project on the local cloud while processes are killed and connections break, then compares what is there
with the sources. Exit code 0 only when nothing differs.

  --minutes N  how long faults are injected (default 2)
  --seed S     a whole number; repeats the project, the rows and the sequence of faults of an earlier run`;

/** Reads the command line, or answers what is wrong with it. */
export function readArguments(args: readonly string[], drawSeed: () => number): ChaosArguments | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { minutes: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
    });
    const minutes = Number(values.minutes ?? '2');
    const seed = values.seed === undefined ? drawSeed() : Number(values.seed);
    if (!Number.isFinite(minutes) || minutes <= 0 || minutes > 600)
      return `--minutes takes a number above 0 and up to 600, and "${values.minutes ?? ''}" is none.`;
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
      return `--seed takes a whole number from 0 to 4294967295, and "${values.seed ?? ''}" is none.`;
    return { minutes, seed, help: values.help === true };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}
