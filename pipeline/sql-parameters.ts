import { StageFailure } from './failure.ts';
import type { Interval, Timelabel } from './timelabel.ts';

/** What the SELECT of a transform may mention; each name stands for a literal of the run. */
export const SQL_PARAMETERS = ['interval_start', 'interval_end', 'timelabel'] as const;
export type SqlParameter = (typeof SQL_PARAMETERS)[number];

/** One `:name` in a text: where the colon stands and where the name ends (exclusive). */
interface Mention {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** How a database reads strings and comments. */
export type SqlReader = 'redshift' | 'athena' | 'snowflake';

/*
 * Everything in which a colon is no parameter, in the order in which it is tried, and last the parameter itself.
 * Redshift reads a backslash in a string as an escape (Database Developer Guide, LIKE), so `'it\'s'` is one string.
 * A dollar quote cannot start inside a name (`a$b$` is an identifier), hence the look-behind.
 */
const REDSHIFT_STRINGS = [
  String.raw`'(?:[^'\\]|\\[^]|'')*(?:'|$)`,
  String.raw`(?<![\p{L}\p{N}_$])\$(?<tag>[\p{L}_][\p{L}\p{N}_]*)?\$[^]*?(?:\$\k<tag>\$|$)`,
];
/** Athena, like standard SQL, knows neither escapes nor dollar quotes. */
const ATHENA_STRINGS = [String.raw`'(?:[^']|'')*(?:'|$)`];
/** Snowflake's strings are Redshift's without tags. It has a second kind of comment, and `column:field` is a path into a VARIANT. */
const SNOWFLAKE_PIECES = [
  String.raw`'(?:[^'\\]|\\[^]|'')*(?:'|$)`,
  String.raw`\$\$[^]*?(?:\$\$|$)`,
  String.raw`//[^\n]*`,
  String.raw`(?<=[\p{L}\p{N}_$"\])]):(?!:)`,
];
const OTHER_PIECES = [
  String.raw`"(?:[^"]|"")*(?:"|$)`,
  String.raw`--[^\n]*`,
  String.raw`/\*`,
  String.raw`::`,
  String.raw`:(?<name>[\p{L}_][\p{L}\p{N}_]*)`,
];
const PIECES: Readonly<Record<SqlReader, RegExp>> = {
  redshift: new RegExp([...REDSHIFT_STRINGS, ...OTHER_PIECES].join('|'), 'gu'),
  athena: new RegExp([...ATHENA_STRINGS, ...OTHER_PIECES].join('|'), 'gu'),
  snowflake: new RegExp([...SNOWFLAKE_PIECES, ...OTHER_PIECES].join('|'), 'gu'),
};

/** Names that the text uses as parameters, each once, in the order in which they appear. */
export function parametersIn(sql: string, reader: SqlReader = 'redshift'): readonly string[] {
  return [...new Set(mentions(sql, reader).map((mention) => mention.name))];
}

/**
 * The text with every parameter replaced by its literal. `:interval_start` and `:interval_end` (exclusive) become UTC
 * timestamps without a zone, `:timelabel` a `char(14)`, in Athena a plain string, which its partition key is. Strings, quoted names, comments and casts stay as they are.
 * Throws StageFailure `invalid_config` for a name that is no parameter.
 */
export function bindParameters(
  sql: string,
  run: { timelabel: Timelabel; interval: Interval },
  reader: SqlReader = 'redshift',
): string {
  const literals: Readonly<Record<SqlParameter, string>> = {
    interval_start: timestampLiteral(run.interval.start),
    interval_end: timestampLiteral(run.interval.end),
    // Compared with a char, a partition key would have to be cast, and Athena would read every partition.
    timelabel: reader === 'athena' ? `'${run.timelabel}'` : `CAST('${run.timelabel}' AS char(14))`,
  };
  let bound = '';
  let copied = 0;
  for (const { name, start, end } of mentions(sql, reader)) {
    bound += sql.slice(copied, start) + literals[knownParameter(name)];
    copied = end;
  }
  return bound + sql.slice(copied);
}

/** A cast rather than a bare string: functions that are overloaded by type would find an untyped literal ambiguous. */
function timestampLiteral(instant: number): string {
  return `CAST('${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')}' AS timestamp)`;
}

function knownParameter(name: string): SqlParameter {
  const known = SQL_PARAMETERS.find((parameter) => parameter === name);
  if (known !== undefined) return known;
  const list = SQL_PARAMETERS.map((parameter) => `:${parameter}`).join(', ');
  throw new StageFailure(
    'invalid_config',
    `The SQL uses :${name}, which is no parameter. Known are ${list}.`,
    {
      facts: { parameter: name },
    },
  );
}

function mentions(sql: string, reader: SqlReader): readonly Mention[] {
  const found: Mention[] = [];
  const pieces = new RegExp(PIECES[reader]);
  for (let match = pieces.exec(sql); match !== null; match = pieces.exec(sql)) {
    const name = match.groups?.['name'];
    if (name !== undefined) found.push({ name, start: match.index, end: pieces.lastIndex });
    if (match[0] === '/*') pieces.lastIndex = endOfComment(sql, pieces.lastIndex, reader);
  }
  return found;
}

/** Block comments nest in PostgreSQL and in Redshift, and not in Athena and Snowflake. */
function endOfComment(sql: string, from: number, reader: SqlReader): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  for (let depth = 1; depth > 0;) {
    const mark = marks.exec(sql);
    if (mark === null) return sql.length;
    if (mark[0] === '*/') depth -= 1;
    else if (reader === 'redshift') depth += 1;
  }
  return marks.lastIndex;
}
