import { z } from 'zod';
import { message, text } from './field.ts';

/* What stages say of the tables that they read and write. */

const columnsOf = (what: 'key' | 'list'): z.ZodArray<typeof text> =>
  z
    .array(text)
    .min(1)
    .refine((columns) => new Set(columns).size === columns.length, {
      error: message(`a column stands twice in this ${what}`, 'name each column once'),
    });

/** Columns that identify a row. */
export const key = columnsOf('key');
export const columnNames = columnsOf('list');
/** Tables that SQL reads and nobody waits for. */
export const staticTables = z
  .array(text)
  .optional()
  .describe('Tables (schema.table) that the SELECT reads and that never change, so nobody waits for them.');
export const mode = z
  .enum(['append', 'replace', 'merge'])
  .describe('append: add the rows of the label; replace: the whole table; merge: update and insert by key.');

/** How many rows one run may delete. */
export const maxDeleted = (
  description: string,
): z.ZodOptional<z.ZodUnion<readonly [z.ZodInt, z.ZodString]>> =>
  z
    .union([
      z.int().min(0).max(1_000_000_000_000),
      z
        .string()
        .regex(
          /^(100|[1-9]?\d)%$/,
          message('this is no percentage', 'write a number of rows, or one such as 50%'),
        ),
    ])
    .optional()
    .meta({ title: 'Most deletes', description });
