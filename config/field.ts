import { z } from 'zod';
import { parseDataset } from '../pipeline/dataset.ts';
import { parsePeriod } from '../pipeline/period.ts';
import { isTimeZone } from '../pipeline/time-zone.ts';
import { parseWindow } from '../pipeline/window.ts';
import { suggest } from './nearest.ts';
import { expressionProblem } from './name-expression.ts';
import { parseAge, parseDeadline, parseTimeout, parseRetention } from './timeout.ts';

/**
 * Fields that several schemas share. The message of a check is `<problem>\n<cure>`, so that a problem and its cure
 * stand beside the rule; config/schema-problem.ts takes them apart.
 */
export function message(problem: string, cure: string): string {
  return `${problem}\n${cure}`;
}

const NAME_CURE = 'write a small letter, then small letters, digits and _';

/** Names of pipelines, stages, connections and endpoints: they become parts of permanent ids. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, message('this is no name', NAME_CURE))
  .max(60, message('this name is longer than 60 characters', 'shorten it'));

export const dataset = z
  .string()
  .refine((text) => parseDataset(text) !== undefined, {
    error: message(
      'this is no dataset',
      'write <connection>.<schema>.<table>, three names with dots between them',
    ),
  })
  .meta({ examples: ['warehouse.analytics.orders'] });

export const period = z
  .string()
  .refine((text) => parsePeriod(text) !== undefined, {
    error: message(
      'this is no period',
      'write minutes or hours that divide a day (5m, 20m, 1h, 6h), 1d, 1w, 1mo, or cron(…) with five irregular fields',
    ),
  })
  .meta({
    pattern: '^([0-9]{1,4}(m|h|d|w|mo)|cron\\([^()]+\\))(@[A-Za-z0-9_+/-]+)?$',
    examples: ['1h', '1d', '1d@Europe/Berlin', 'cron(0 9 * * 1-5)'],
  });

export const timezone = z
  .string()
  .refine(isTimeZone, {
    error: ({ input }) =>
      message(
        'this is no time zone',
        suggest(String(input), Intl.supportedValuesOf('timeZone'), 'write a name of the IANA database'),
      ),
  })
  .meta({ pattern: '^[A-Z][A-Za-z0-9_+/-]*$', examples: ['Europe/Berlin', 'America/New_York'] });

export const window = z
  .string()
  .refine((text) => parseWindow(text) !== undefined, {
    error: message('this is no window', 'write same, all, as_of, latest, or last 2 to last 10000'),
  })
  .meta({ pattern: '^(same|all|as_of|latest|last [1-9][0-9]{0,4})$', examples: ['latest', 'last 7'] });

export const timeout = z
  .string()
  .refine((text) => parseTimeout(text) !== undefined, {
    error: message('this is no time that an attempt may take', 'write 1s to 7d, such as 45s, 30m, 2h or 1d'),
  })
  .meta({ pattern: '^[0-9]{1,6}(s|m|h|d)$', examples: ['30m', '2h'] });

export const deadlineTime = z
  .string()
  .refine((text) => parseDeadline(text) !== undefined, {
    error: message('this is no deadline', 'write 1s to 90d, such as 30m, 2h or 1d'),
  })
  .meta({ pattern: '^[0-9]{1,7}(s|m|h|d)$', examples: ['2h', '1d'] });

export const age = z
  .string()
  .refine((text) => parseAge(text) !== undefined, {
    error: message('this is no age', 'write 1s to 3660d, such as 12h or 7d'),
  })
  .meta({ pattern: '^[0-9]{1,7}(s|m|h|d)$', examples: ['12h', '7d'] });

export const retention = z
  .string()
  .refine((text) => parseRetention(text) !== undefined, {
    error: message('this is no time to keep events for', 'write 30d to 3660d, such as 400d'),
  })
  .meta({ pattern: '^[0-9]{1,7}(s|m|h|d)$', examples: ['400d'] });

export const namePattern = z
  .string()
  .min(1, message('this pattern is empty', 'write a name, or one with * in it'))
  .max(200, message('this pattern is longer than 200 characters', 'shorten it'))
  .refine((pattern) => expressionProblem(pattern) === undefined, {
    error: ({ input }) =>
      message(
        `this is no regular expression: ${expressionProblem(String(input)) ?? ''}`,
        'write it in the syntax of RE2, which has no back-references and no look-around',
      ),
  })
  .meta({ examples: ['marts', 'stage_*', 're:fact_[0-9]+'] });

export const instant = z.iso.datetime({
  offset: true,
  error: message('this is no instant', 'write an ISO instant with its zone, such as 2001-01-01T00:00:00Z'),
});

export const text = z.string().min(1, message('this is empty', 'write a value or remove the field'));

export const region = text.optional().describe('AWS region; the default of the worker when absent.');

/** A whole number of something, within its bounds. */
export function whole(least: number, most: number, of: string): z.ZodInt {
  const text = message(
    `this is no number of ${of}`,
    `write a whole number from ${String(least)} to ${String(most)}`,
  );
  return z.int(text).min(least, text).max(most, text);
}

export const eventsPerSecond = whole(1, 10_000, 'events a second');
