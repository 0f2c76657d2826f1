import { parseInstant } from '../pipeline/backfill-request.ts';
import { parseTimelabel, type Timelabel } from '../pipeline/timelabel.ts';
import { InvalidInput } from './invalid-input.ts';

/**
 * Reads a timelabel, or what people write instead: a day `2020-03-03` or a minute `2020-03-03T11:00` in UTC.
 * @throws InvalidInput, which ends the command with code 2.
 */
export function labelArgument(text: string): Timelabel {
  const label = parseTimelabel(text);
  if (label !== undefined) return label;
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})Z?)?$/.exec(text);
  const [, year = '', month = '', day = '', hour = '00', minute = '00'] = match ?? [];
  const read = parseTimelabel(`${year}${month}${day}${hour}${minute}00`);
  if (match === null || read === undefined)
    throw new InvalidInput(
      `"${text}" is no label. Write a timelabel (20200303110000), a day (2020-03-03) or a minute (2020-03-03T11:00), in UTC.`,
    );
  return read;
}

/** Reads a moment: a day, which begins at 00:00 UTC, or an instant. @throws InvalidInput, which ends the command with code 2. */
export function momentArgument(text: string): Date {
  // Without a zone a time is in UTC, as in labels.
  const instant = parseInstant(text) ?? parseInstant(`${text}Z`);
  if (instant === undefined)
    throw new InvalidInput(
      `"${text}" is no time. Write a day (2020-03-03) or a time of it in UTC (2020-03-03T11:00Z).`,
    );
  return new Date(instant);
}

/** Reads how many of something are wanted. @throws InvalidInput, which ends the command with code 2. */
export function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new InvalidInput(`"${text}" is no count. Write a whole number from 1 to 10000.`);
  return count;
}

/** Reads one of a few words, in any case. The reader throws InvalidInput, which ends the command with code 2. */
export function choiceArgument(words: readonly string[]): (text: string) => string {
  return (text) => {
    const word = words.find((each) => each.toLowerCase() === text.toLowerCase());
    if (word === undefined)
      throw new InvalidInput(`"${text}" is not known here. Write one of ${words.join(', ')}.`);
    return word;
  };
}

/** Reads the number of a config version; 0 stands for none. @throws InvalidInput, which ends the command with code 2. */
export function versionArgument(text: string): number {
  const version = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  if (version === undefined)
    throw new InvalidInput(`"${text}" is no config version, which is a whole number, such as 7.`);
  return version;
}
