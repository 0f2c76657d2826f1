import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FEWEST_DAYS, MOST_DAYS } from './calendar.ts';

export interface DemoArguments {
  /** Run the project that touches every system, instead of the flights and their stories. */
  readonly all: boolean;
  /** Leave everything running at the end. */
  readonly keep: boolean;
  readonly days: number;
  /** Folder for all data and logs of the demo. */
  readonly dir: string;
  readonly help: boolean;
}

const DEFAULT_DIR = fileURLToPath(new URL('../../.reefline/demo', import.meta.url));

export const USAGE = `npm run demo -- [--all] [--days N] [--keep] [--dir FOLDER]
  --all     one project through every system that Reefline moves data from or to, instead of the flights and their stories
  --days N  days of January 2001 to run, ${FEWEST_DAYS} to ${MOST_DAYS} (default ${FEWEST_DAYS})
  --keep    leave everything running at the end, until Ctrl-C
  --dir     folder for data and logs while it runs (default .reefline/demo)`;

/** The arguments, or a text that says what is wrong with them and how to use the demo. */
export function readArguments(argv: readonly string[]): DemoArguments | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        all: { type: 'boolean' },
        keep: { type: 'boolean' },
        days: { type: 'string' },
        dir: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const days = values.days === undefined ? FEWEST_DAYS : Number(values.days);
    if (!Number.isInteger(days) || days < FEWEST_DAYS || days > MOST_DAYS) {
      throw new Error(`--days takes a whole number from ${FEWEST_DAYS} to ${MOST_DAYS}.`);
    }
    if (values.all === true && values.days !== undefined)
      throw new Error('--all runs days of its own; leave --days out.');
    return {
      all: values.all ?? false,
      keep: values.keep ?? false,
      days,
      dir: resolve(values.dir ?? DEFAULT_DIR),
      help: values.help ?? false,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}
