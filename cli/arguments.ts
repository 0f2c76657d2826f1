import { InvalidArgumentError } from 'commander';
import { parseTimelabel, type Timelabel } from '../pipeline/timelabel.ts';

/** Reads a timelabel from the command line. @throws InvalidArgumentError, which ends the command with code 2. */
export function timelabelArgument(text: string): Timelabel {
  const label = parseTimelabel(text);
  if (label === undefined)
    throw new InvalidArgumentError('A timelabel is written YYYYMMDDHHmm00, such as 20010105080000.');
  return label;
}

/** Reads how many of something are wanted. @throws InvalidArgumentError, which ends the command with code 2. */
export function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new InvalidArgumentError('A whole number from 1 to 10000.');
  return count;
}
