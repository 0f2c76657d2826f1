import { at, type BrokenProject, ORDERS, SETTINGS } from './broken-project.ts';

const FETCH = 'stages.fetch_orders';
const DAILY = 'stages.daily_revenue';
const ORDERS_WINDOW = (window: string): string =>
  `mode: append, inputs: { warehouse.analytics.orders: { window: ${window} } }`;

/** Zones, irregular schedules, windows, joins and deadlines that make no sense. */
export const TIME_AND_JOINS: readonly BrokenProject[] = [
  {
    name: 'a time zone that is misspelt',
    edits: [[ORDERS, 'schedule: "10 * * * *"', 'schedule: "10 3 * * *", timezone: Europe/Berln']],
    expected: [at(ORDERS, 3, `${FETCH}.timezone`, /no time zone/, /did you mean Europe\/Berlin\?/)],
  },
  {
    name: 'a time zone that does not look like one',
    edits: [[ORDERS, 'schedule: "10 * * * *"', 'schedule: "10 3 * * *", timezone: "+01:00"']],
    expected: [at(ORDERS, 3, `${FETCH}.timezone`, /no time zone/, /IANA database/)],
  },
  {
    name: 'a time that a zone does not have each day',
    edits: [[ORDERS, 'schedule: "10 * * * *"', 'schedule: "30 2 * * *", timezone: Europe/Berlin']],
    expected: [
      at(ORDERS, 3, `${FETCH}.schedule`, /02:30 does not exist on 2026-03-29/, /a time from 03:00 on/),
    ],
  },
  {
    name: 'hours in a time zone',
    edits: [[ORDERS, '"10 * * * *"', '"10 */6 * * *", timezone: Europe/Berlin']],
    expected: [
      at(ORDERS, 3, `${FETCH}.schedule`, /6h is cut in UTC, and Europe\/Berlin shifts it/, /remove timezone/),
    ],
  },
  {
    name: 'a time zone for nothing',
    edits: [[ORDERS, 'key: [id]', 'key: [id], timezone: Europe/Berlin']],
    expected: [
      at(ORDERS, 5, 'stages.load_orders.timezone', /this stage has neither/, /period of its inputs/),
    ],
  },
  {
    name: 'a time zone on less than a day',
    edits: [[ORDERS, 'every: 1d', 'every: 6h, timezone: Europe/Berlin']],
    expected: [at(ORDERS, 6, `${DAILY}.timezone`, /6h is less than a day and cut in UTC/, /remove timezone/)],
  },
  {
    name: 'two time zones for one period',
    edits: [
      [SETTINGS, 'every: 1d', 'every: 1d@Europe/Paris'],
      [ORDERS, 'every: 1d', 'every: 1d@Europe/Paris, timezone: Europe/Berlin'],
    ],
    expected: [at(ORDERS, 6, `${DAILY}.timezone`, /is cut in Europe\/Paris already/, /remove timezone/)],
  },
  {
    name: 'a period of a zone that does not exist',
    edits: [[ORDERS, 'every: 1d', 'every: 1d@Europe/Berln']],
    expected: [at(ORDERS, 6, `${DAILY}.every`, /no period/, /1d, 1w, 1mo/)],
  },
  {
    name: 'an outside dataset of hours in a zone',
    edits: [[SETTINGS, 'every: 1d,', 'every: 1h, timezone: Europe/Berlin,']],
    expected: [
      at(
        SETTINGS,
        10,
        'datasets.warehouse.partners.fares.timezone',
        /1h is less than a day/,
        /remove timezone/,
      ),
    ],
  },
  {
    name: 'a local day that its hourly input does not fill',
    edits: [
      [SETTINGS, 'every: 1d,', 'every: 1d, timezone: Asia/Kolkata,'],
      [ORDERS, 'every: 1d', 'every: 1d, timezone: Asia/Kolkata'],
    ],
    expected: [
      at(
        ORDERS,
        6,
        DAILY,
        /1d@Asia\/Kolkata of this stage and 1h of warehouse\.analytics\.orders .*: at 2026-01-01 18:30 UTC a new 1d@Asia\/Kolkata begins, but no 1h/,
        /remove timezone, or write inputs/,
      ),
    ],
  },
  {
    name: 'a day of UTC and a day of a zone',
    edits: [[SETTINGS, 'every: 1d,', 'every: 1d, timezone: Europe/Berlin,']],
    expected: [
      at(
        ORDERS,
        6,
        DAILY,
        /1d of this stage and 1d@Europe\/Berlin .* do not divide each other/,
        /write timezone: Europe\/Berlin, or/,
      ),
    ],
  },
  {
    name: 'an irregular schedule that an input does not fill',
    edits: [[ORDERS, 'every: 1d, mode: append', 'schedule: "0 9 * * 1-5", mode: append']],
    expected: [
      at(
        ORDERS,
        6,
        DAILY,
        /cron\(0 9 \* \* 1-5\) of this stage and 1d of .* a new cron\(0 9 \* \* 1-5\) begins, but no 1d/,
        /window: as_of/,
      ),
    ],
  },
  {
    name: 'a text that is no window',
    edits: [[ORDERS, 'mode: append', ORDERS_WINDOW('last')]],
    expected: [
      at(ORDERS, 6, `${DAILY}.inputs.warehouse.analytics.orders.window`, /no window/, /last 2 to last 10000/),
    ],
  },
  {
    name: 'a window of last labels of a coarser input',
    edits: [
      [SETTINGS, 'every: 1d', 'every: 1mo'],
      [ORDERS, 'mode: append', 'mode: append, inputs: { warehouse.partners.fares: { window: last 3 } }'],
    ],
    expected: [
      at(
        ORDERS,
        6,
        `${DAILY}.inputs.warehouse.partners.fares.window`,
        /last 3 needs an equal or a finer input, but 1mo does not fill 1d/,
        /write as_of/,
      ),
    ],
  },
  {
    name: 'inputs that give no period',
    edits: [
      [ORDERS, 'key: [day]', 'key: [day], inputs: { warehouse.marts.daily_revenue: { window: latest } }'],
    ],
    expected: [at(ORDERS, 7, 'stages.push_revenue', /do not say how often/, /add every/)],
  },
  {
    name: 'an outcome that does not exist',
    edits: [[ORDERS, 'mode: append', 'mode: append, inputs: { warehouse.partners.fares: { on: [LATES] } }']],
    expected: [
      at(ORDERS, 6, `${DAILY}.inputs.warehouse.partners.fares.on.0`, /not known/, /did you mean LATE\?/),
    ],
  },
  {
    name: 'more inputs than there are',
    edits: [[ORDERS, 'mode: append', 'mode: append, when: { at_least: 3 }']],
    expected: [at(ORDERS, 6, `${DAILY}.when.at_least`, /at_least is 3, but .* 2 inputs/, /write 2 or less/)],
  },
  {
    name: 'any of one input',
    edits: [[ORDERS, 'key: [id]', 'key: [id], when: any']],
    expected: [at(ORDERS, 5, 'stages.load_orders.when', /one input/, /remove when/)],
  },
  {
    name: 'a join that does not exist',
    edits: [[ORDERS, 'mode: append', 'mode: append, when: every']],
    expected: [at(ORDERS, 6, `${DAILY}.when`, /not known/, /any/)],
  },
  {
    name: 'a deadline without a consequence',
    edits: [[ORDERS, 'mode: append', 'mode: append, deadline: { after: 2h }']],
    expected: [at(ORDERS, 6, `${DAILY}.deadline.then`, /missing/, /wait, partial, fail/)],
  },
  {
    name: 'a deadline that is no time',
    edits: [[ORDERS, 'mode: append', 'mode: append, deadline: 2 hours']],
    expected: [at(ORDERS, 6, `${DAILY}.deadline`, /no deadline/, /30m, 2h or 1d/)],
  },
  {
    name: 'a key of a deadline that does not exist',
    edits: [[ORDERS, 'mode: append', 'mode: append, deadline: { after: 2h, than: fail }']],
    expected: [
      at(ORDERS, 6, `${DAILY}.deadline.then`, /missing/, /add then/),
      at(ORDERS, 6, `${DAILY}.deadline.than`, /not known/, /did you mean then\?/),
    ],
  },
  {
    name: 'a part of one label',
    edits: [[ORDERS, 'key: [id]', 'key: [id], deadline: { after: 2h, then: partial }']],
    expected: [at(ORDERS, 5, 'stages.load_orders.deadline.then', /nothing partial/, /write wait or fail/)],
  },
  {
    name: 'an extract with a deadline',
    edits: [[ORDERS, 'cursor: created_at', 'cursor: created_at, deadline: 2h']],
    expected: [at(ORDERS, 3, `${FETCH}.deadline`, /waits for no inputs/, /remove it/)],
  },
  {
    name: 'a transform without inputs that waits',
    files: {
      'pipelines/clock.yaml':
        'pipeline: clock\nstages:\n  - now: { transform: sql/now.sql, to: warehouse.marts.now, schedule: "0 1 * * *", mode: replace, deadline: 2h, max_restated_labels: 5 }\n',
      'sql/now.sql': 'select 1 as one',
    },
    expected: [
      at('pipelines/clock.yaml', 3, 'stages.now.deadline', /no inputs to wait for/, /remove deadline/),
      at('pipelines/clock.yaml', 3, 'stages.now.max_restated_labels', /no inputs/, /remove max_restated/),
    ],
  },
  {
    name: 'a limit of no labels',
    edits: [[ORDERS, 'mode: append', 'mode: append, max_restated_labels: 0']],
    expected: [at(ORDERS, 6, `${DAILY}.max_restated_labels`, /too small/, /1 or more/)],
  },
];
