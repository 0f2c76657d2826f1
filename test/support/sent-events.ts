import fc from 'fast-check';
import { eventTime, SCHEMA_CHANGES } from '../../pipeline/data-event.ts';
import { OUTCOMES, statusOf } from '../../pipeline/outcome.ts';
import { EVENT_TYPES } from '../../pipeline/stage.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { anInstant } from './arbitraries.ts';

/* Events as outside services send them: all that they may leave out, and whatever the fields may hold. */

const aTime = anInstant.map(eventTime);
export const aText = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => !text.includes('\0'));
const aCount = fc.option(fc.maxSafeNat());
export const aLabel = anInstant.map(labelAt);
const anIdentity = {
  type: fc.constantFrom(...EVENT_TYPES),
  schema: aText,
  table: aText,
  timelabel: aLabel,
};
const digits = (length: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: length, maxLength: length })
    .filter((text) => /[^0]/.test(text));
/** The context of a trace (W3C, "Trace Context"), of which ids are not all zeros. */
export const aTraceparent = fc
  .tuple(digits(32), digits(16), fc.constantFrom('00', '01'))
  .map(([traceId, spanId, flags]) => `00-${traceId}-${spanId}-${flags}`);
const mayHave = {
  eventId: aText,
  revision: fc.integer({ min: 1, max: 1_000_000 }),
  pipeline: aText,
  stage: aText,
  runId: fc.uuid(),
  traceparent: fc.oneof(aTraceparent, fc.jsonValue()),
};
const aValue = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null));

export const aDataEvent = fc
  .record(
    {
      event_type: fc.constant('data'),
      ...anIdentity,
      ...mayHave,
      outcome: fc.constantFrom(...OUTCOMES),
      startTime: aTime,
      updateTime: aTime,
      endTime: aTime,
      causedBy: fc.array(aText, { maxLength: 3 }),
      rows: aCount,
      bytes: aCount,
      uri: aText,
      error: fc.oneof(
        fc.constant('x'.repeat(5_000)),
        fc.record({ class: aText, message: fc.string(), facts: fc.dictionary(fc.string(), aValue) }),
      ),
      configVersion: aCount,
      propagates: fc.boolean(),
      backfill: aText,
      missing: fc.array(fc.record({ dataset: aText, timelabel: aLabel }), { maxLength: 2 }),
      checks: fc.array(
        fc.record({
          name: aText,
          severity: fc.constantFrom('error', 'warn'),
          violations: fc.nat(),
          sample: fc.array(fc.string(), { maxLength: 2 }),
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ['event_type', 'type', 'schema', 'table', 'timelabel', 'outcome'] },
  )
  .map((event) => ({ ...event, status: statusOf(event.outcome) }));

const aColumn = fc.record({
  name: aText,
  type: fc.oneof(
    fc.constantFrom('int64', 'decimal(12,2)', 'timestamp with time zone'),
    fc.constantFrom({ kind: 'text' }, { kind: 'timestamp', zoned: false }),
    fc.record({ kind: fc.constant('decimal'), precision: fc.nat(38), scale: fc.nat(38) }),
  ),
  nullable: fc.boolean(),
});
export const aMetadataEvent = fc.record(
  {
    event_type: fc.constant('metadata'),
    ...anIdentity,
    ...mayHave,
    change: fc.constantFrom(...SCHEMA_CHANGES),
    before: fc.array(aColumn, { maxLength: 3 }),
    after: fc.array(aColumn, { maxLength: 3 }),
    time: aTime,
  },
  { requiredKeys: ['event_type', 'type', 'schema', 'table', 'timelabel', 'change'] },
);
