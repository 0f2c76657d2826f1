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

/**
 * Reads a border of a range of labels: a timelabel, a day `2020-03-03` or a minute `2020-03-03T11:00` in UTC.
 * @throws InvalidArgumentError, which ends the command with code 2.
 */
export function borderArgument(text: string): Timelabel {
  const label = parseTimelabel(text);
  if (label !== undefined) return label;
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})Z?)?$/.exec(text);
  const [, year = '', month = '', day = '', hour = '00', minute = '00'] = match ?? [];
  const read = parseTimelabel(`${year}${month}${day}${hour}${minute}00`);
  if (match === null || read === undefined)
    throw new InvalidArgumentError(
      'Write a timelabel (20200303110000), a day (2020-03-03) or a minute (2020-03-03T11:00), in UTC.',
    );
  return read;
}

/** Reads one of a few words, in any case. The reader throws InvalidArgumentError, which ends the command with code 2. */
export function choiceArgument(words: readonly string[]): (text: string) => string {
  return (text) => {
    const word = words.find((each) => each.toLowerCase() === text.toLowerCase());
    if (word === undefined) throw new InvalidArgumentError(`One of ${words.join(', ')}.`);
    return word;
  };
}

/** Reads the number of a config version; 0 stands for none. @throws InvalidArgumentError, which ends the command with code 2. */
export function versionArgument(text: string): number {
  const version = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  if (version === undefined) throw new InvalidArgumentError('A config version is a whole number, such as 7.');
  return version;
}
