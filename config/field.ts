import { z } from 'zod';
import { parseDataset } from '../pipeline/dataset.ts';
import { parsePeriod } from '../pipeline/period.ts';
import { parseTimeout } from './timeout.ts';

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
      'write minutes or hours that divide a day (5m, 20m, 1h, 6h), or 1d, 1w or 1mo',
    ),
  })
  .meta({ pattern: '^[0-9]{1,4}(m|h|d|w|mo)$', examples: ['1h', '1d'] });

export const timeout = z
  .string()
  .refine((text) => parseTimeout(text) !== undefined, {
    error: message('this is no time that an attempt may take', 'write 1s to 7d, such as 45s, 30m, 2h or 1d'),
  })
  .meta({ pattern: '^[0-9]{1,6}(s|m|h|d)$', examples: ['30m', '2h'] });

export const instant = z.iso.datetime({
  offset: true,
  error: message('this is no instant', 'write an ISO instant with its zone, such as 2001-01-01T00:00:00Z'),
});

export const text = z.string().min(1, message('this is empty', 'write a value or remove the field'));
