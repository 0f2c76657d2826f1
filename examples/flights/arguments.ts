import { parseArgs } from 'node:util';
import { FEWEST_DAYS, MOST_DAYS } from './calendar.ts';

export interface DemoArguments {
  /** Leave everything running at the end. */
  readonly keep: boolean;
  readonly days: number;
  readonly help: boolean;
}

export const USAGE = `npm run demo -- [--days N] [--keep]
  --days N  days of January 2001 to run, ${FEWEST_DAYS} to ${MOST_DAYS} (default ${FEWEST_DAYS})
  --keep    leave everything running at the end, until Ctrl-C`;

/** The arguments, or a text that says what is wrong with them and how to use the demo. */
export function readArguments(argv: readonly string[]): DemoArguments | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { keep: { type: 'boolean' }, days: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    const days = values.days === undefined ? FEWEST_DAYS : Number(values.days);
    if (!Number.isInteger(days) || days < FEWEST_DAYS || days > MOST_DAYS) {
      throw new Error(`--days takes a whole number from ${FEWEST_DAYS} to ${MOST_DAYS}.`);
    }
    return { keep: values.keep ?? false, days, help: values.help ?? false };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}
