import { z } from 'zod';
import { message, name, text } from './field.ts';

/* The grammar of `assert:` in a check. */

/** One batch of Redshift statements counts the violations of all assertions, and holds 40. */
const MAX_ASSERTIONS = 40;

export const assertionSchema = z
  .strictObject({
    sql: text.optional().describe('The SELECT itself; it returns the rows that violate the assertion.'),
    file: text.optional().describe('The file with the SELECT, relative to the project.'),
    severity: z
      .enum(['error', 'warn'])
      .optional()
      .describe('error, when absent: a violation fails the check. warn: it is reported only.'),
  })
  .refine(({ sql, file }) => (sql === undefined) !== (file === undefined), {
    error: message(
      'an assertion has either sql or file',
      'write sql: with the SELECT, or file: with the path of a SQL file',
    ),
  })
  .meta({ title: 'Assertion', description: 'A SELECT of the rows that should not be there.' });

export const assertionsSchema = z
  .array(
    z
      .record(name, z.union([text.describe('The file with the SELECT.'), assertionSchema]))
      .refine((entry) => Object.keys(entry).length === 1, {
        error: message(
          'an entry under assert has exactly one key, the name of the assertion',
          'write "- name: sql/file.sql" or "- name: { … }" for each assertion',
        ),
      })
      .meta({ minProperties: 1, maxProperties: 1 }),
  )
  .min(1)
  .max(
    MAX_ASSERTIONS,
    message(
      `these are more than ${String(MAX_ASSERTIONS)} assertions`,
      'split them into several checks of the same dataset',
    ),
  )
  .describe('Assertions by name: each one a SELECT of the rows that violate it.');
