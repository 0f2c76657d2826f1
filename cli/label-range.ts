import type { Command } from 'commander';
import { labelArgument } from './arguments.ts';

/** Adds `--label`, `--from` and `--to`, which mean the same for every list. */
export function withLabelRange(command: Command): Command {
  return command
    .option('--label <timelabel>', 'only this label', labelArgument)
    .option('--from <label>', 'first label: 20200303110000, 2020-03-03 or 2020-03-03T11:00', labelArgument)
    .option('--to <label>', 'labels before this one, written like --from', labelArgument);
}
