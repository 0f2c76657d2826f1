import type { Row } from '../flights/row-differences.ts';
import { CHECKED } from './checked-datasets.ts';
import { labelOf, type SourceRows } from './expected-rows.ts';
import { compareBags } from './row-bags.ts';

/*
 * Decides from rows that were read elsewhere. It imports nothing of Reefline on purpose: a mistake in the product must
 * not be able to hide itself here.
 */

const QUEUE = "the customers' queue";

/** What the customers' queue holds, each event once. */
export interface ReceivedEvent {
  readonly event_type: string;
  readonly dataset: string;
  readonly timelabel: string;
  readonly status?: string;
  /** Of a check: how many rows violated each assertion. */
  readonly checks?: readonly {
    readonly name: string;
    readonly severity: string;
    readonly violations: number;
  }[];
}

/** What was read after all runs had ended. */
export interface Findings {
  readonly dates: readonly string[];
  readonly sources: SourceRows;
  /** The rows of each dataset. */
  readonly datasets: ReadonlyMap<string, readonly Row[]>;
  readonly events: readonly ReceivedEvent[];
}

/** One line of the answer. */
export interface Verified {
  readonly system: string;
  readonly does: string;
  readonly dataset: string;
  /** Rows, or events, that were found; null when the dataset was left out. */
  readonly rows: number | null;
  /** One sentence each; empty when what was found is what had to be there. */
  readonly differences: readonly string[];
}

/** The sources, every dataset, and the customers' queue. */
export function verify(findings: Findings): readonly Verified[] {
  const { sources, events } = findings;
  return [
    ...sourceLines(sources),
    ...CHECKED.map((checked) => {
      const { system, does, dataset } = checked;
      if (isLeftOut(checked, sources)) return { system, does, dataset, rows: null, differences: [] };
      const found = findings.datasets.get(dataset) ?? [];
      const expected = checked.expected(sources, findings.dates);
      const nothing =
        expected.length === 0 ? [`${dataset}: its source has no rows, so nothing was shown`] : [];
      return {
        system,
        does,
        dataset,
        rows: found.length,
        differences: [...nothing, ...compareBags(dataset, expected, found)],
      };
    }),
    {
      system: 'SQS',
      does: 'one event per run',
      dataset: QUEUE,
      rows: events.filter(isData).length,
      differences: eventDifferences(findings),
    },
  ];
}

/** True when a dataset comes from a source that has no server on this machine. */
export function isLeftOut(
  { source }: { readonly source: string },
  sources: Pick<SourceRows, 'islands'>,
): boolean {
  return source === 'islands' && sources.islands === null;
}

function sourceLines({ flights, airports, islands }: SourceRows): readonly Verified[] {
  const line = (system: string, dataset: string, rows: number | null): Verified => ({
    system,
    does: 'source',
    dataset,
    rows,
    differences: rows === 0 ? [`${dataset}: the source is empty`] : [],
  });
  return [
    line('PostgreSQL', 'airline.public.flights', flights.length),
    line('PostgreSQL', 'airline.public.airports', airports.length),
    line('MySQL', 'islands.dev_islands.flights', islands?.length ?? null),
  ];
}

function isData(event: ReceivedEvent): boolean {
  return event.event_type === 'data';
}

/** Exactly one SUCCESS for each dataset and day, and no other data event. */
function eventDifferences({ events, dates, sources }: Findings): readonly string[] {
  const expected = CHECKED.filter((checked) => !isLeftOut(checked, sources)).flatMap(({ dataset }) =>
    dates.map((date) => ({ dataset, timelabel: labelOf(date), status: 'SUCCESS' })),
  );
  const found = events
    .filter(isData)
    .map(({ dataset, timelabel, status = null }) => ({ dataset, timelabel, status }));
  return compareBags(QUEUE, expected, found);
}
