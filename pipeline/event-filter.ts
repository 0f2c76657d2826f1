import type { ReeflineEvent } from './data-event.ts';
import type { EndpointFilter, NameList } from './endpoint.ts';
import { compilePattern, type CompileExpression } from './name-pattern.ts';
import { selectedOutcomes, type Outcome } from './outcome.ts';
import { instantOf, type Timelabel } from './timelabel.ts';

/** The field of the filter that keeps an event from an endpoint; `itself`: nobody is sent events about his own health. */
export type LeftOutBy = keyof EndpointFilter | 'itself';

/** What keeps an event from an endpoint, or undefined when the endpoint gets the event. */
export type FilterTest = (event: ReeflineEvent, now: number) => LeftOutBy | undefined;

/** Compiles a filter once, for any number of events. `now` is in milliseconds since the Unix epoch. */
export function compileFilter(filter: EndpointFilter, compile: CompileExpression): FilterTest {
  const outcomes: ReadonlySet<Outcome> | undefined =
    filter.on === undefined ? undefined : new Set(selectedOutcomes(filter.on));
  const schemas = nameTest(filter.schemas, compile);
  const tables = nameTest(filter.tables, compile);
  return (event, now) => {
    if (filter.events?.includes(event.event_type) === false) return 'events';
    if (event.event_type === 'endpoint') return choiceOfData(filter);
    // A schema change has no outcome, so it is `events` that lets it pass or not.
    if (event.event_type === 'data' && outcomes?.has(event.outcome) === false) return 'on';
    if (filter.types?.includes(event.type) === false) return 'types';
    if (!schemas(event.schema)) return 'schemas';
    if (!tables(event.table)) return 'tables';
    if (event.pipeline === null ? filter.pipelines !== undefined : !takes(filter.pipelines, event.pipeline))
      return 'pipelines';
    if (filter.maxAgeSeconds !== undefined && isOlder(event.timelabel, filter.maxAgeSeconds, now))
      return 'maxAgeSeconds';
    return undefined;
  };
}

/** Whoever chooses among data by what it is of is sent nothing that is of no data; to forbid some is no such choice. */
function choiceOfData(filter: EndpointFilter): keyof EndpointFilter | undefined {
  if (filter.types !== undefined) return 'types';
  if (filter.schemas?.allow !== undefined) return 'schemas';
  if (filter.tables?.allow !== undefined) return 'tables';
  return filter.pipelines === undefined ? undefined : 'pipelines';
}

function takes(list: readonly string[] | undefined, value: string): boolean {
  return list?.includes(value) ?? true;
}

/** Denying wins: who forbids a name is never sent it because of a wide pattern elsewhere. */
function nameTest(list: NameList | undefined, compile: CompileExpression): (name: string) => boolean {
  if (list === undefined) return () => true;
  const allow = list.allow?.map((pattern) => compilePattern(pattern, compile));
  const deny = (list.deny ?? []).map((pattern) => compilePattern(pattern, compile));
  return (name) => (allow?.some((test) => test(name)) ?? true) && !deny.some((test) => test(name));
}

/** A label is as old as the start of its interval. */
function isOlder(timelabel: string, seconds: number, now: number): boolean {
  return instantOf(timelabel as Timelabel) < now - seconds * 1000;
}
