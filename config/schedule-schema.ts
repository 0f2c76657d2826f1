import { z } from 'zod';
import { instant, text, timezone } from './field.ts';

/* When a clock starts a stage. */

const cron = text.describe(
  'Five fields: minute, hour, day of month, month, day of week. In UTC, or in the timezone of the stage.',
);

export const boundedScheduleSchema = z
  .strictObject({
    cron,
    from: instant.optional().describe('First instant at which the schedule may tick.'),
    until: instant.optional().describe('Last instant at which the schedule may tick.'),
  })
  .meta({
    title: 'Bounded schedule',
    description: 'A schedule with a beginning or an end, for historical sources.',
  });

export const schedule = z.union([cron, boundedScheduleSchema]).meta({
  title: 'Schedule',
  description: 'When a clock starts the stage: a cron text, or one with bounds.',
});

export const zone = timezone
  .optional()
  .describe(
    'Time zone in which schedule is read, and in which days, weeks and months are cut; UTC when absent.',
  );

export type ScheduleFields = z.infer<typeof schedule>;
