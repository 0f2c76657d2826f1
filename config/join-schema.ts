import { z } from 'zod';
import { SELECTORS } from '../pipeline/outcome.ts';
import { dataset, deadlineTime, period, timeout, window } from './field.ts';
import { zone } from './schedule-schema.ts';

/* What a stage waits for, and what becomes of a label that waits or is made again. */

export const inputSchema = z
  .strictObject({
    window: window
      .optional()
      .describe(
        'Which labels make a run complete: the same, all inside the interval, the newest at or before it (as_of), ' +
          'the newest of all (latest), or so many up to the end of the interval (last 7).',
      ),
    on: z
      .array(z.enum(SELECTORS))
      .min(1)
      .optional()
      .describe('Which outcomes of the input count; SUCCESS when absent.'),
  })
  .meta({ title: 'Input', description: 'Overrides the defaults of one input.' });

/** What every stage may say of its attempts. */
export const common = {
  timeout: timeout.optional().describe('Time that one attempt may take; 1h when absent.'),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('How often a retryable failure is tried; 5 when absent.'),
};
/** The join of several inputs. */
const when = z
  .union([
    z.enum(['all', 'any']),
    z.strictObject({
      at_least: z.int().min(1).max(1000).describe('So many of the inputs must be complete.'),
    }),
  ])
  .meta({
    title: 'When',
    description: 'How many of the inputs must be complete before a label runs; all when absent.',
  });

export const deadlineSchema = z
  .strictObject({
    after: deadlineTime.describe('Time after the end of the interval.'),
    then: z
      .enum(['wait', 'partial', 'fail'])
      .describe(
        'wait: report that the label is late and wait on; partial: run with what is there; fail: report it as missing.',
      ),
  })
  .meta({
    title: 'Deadline with a consequence',
    description: 'When a label must be complete, and what else.',
  });

const deadline = z.union([deadlineTime, deadlineSchema]).meta({
  title: 'Deadline',
  description:
    'When a label must be complete, such as 2h after its interval; wait when nothing else is said.',
});

/** What a stage may say whose labels follow from its inputs. */
export const derived = {
  ...common,
  timezone: zone,
  when: when.optional(),
  deadline: deadline.optional(),
  on_unsettled: z
    .enum(['wait', 'run'])
    .optional()
    .describe('What to do when an input was made of data that has newer revisions; wait when absent.'),
  on_restatement: z
    .enum(['rerun', 'cancel'])
    .optional()
    .describe(
      'What to do with a run whose inputs change: finish and run again (rerun, when absent), or cancel it.',
    ),
  max_restated_labels: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Most labels that events may restate within 24 hours; further ones are held until released.'),
  every: period
    .optional()
    .describe('Length of the interval that one run covers, when the inputs do not say it.'),
  inputs: z
    .record(dataset, inputSchema)
    .optional()
    .meta({ title: 'Inputs', description: 'Overrides for single inputs, by dataset.' }),
};

export type InputFields = z.infer<typeof inputSchema>;
