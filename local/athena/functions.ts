/** Functions of Athena that DuckDB has under another name, or not at all, and that the translation leaves as they are. */
export const FUNCTIONS: readonly string[] = [
  'CREATE TEMP MACRO sequence(a, b) AS generate_series(a, b)',
  'CREATE TEMP MACRO to_unixtime(a) AS epoch(a)',
  'CREATE TEMP MACRO cardinality(a) AS len(a)',
];
