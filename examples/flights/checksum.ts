/**
 * A checksum of a multiset of rows: the sum of 64-bit hashes of each row's text, which does not depend on their order
 * and changes when a row is missing, changed or there twice.
 */
export function checksum(columns: readonly string[]): string {
  const texts = columns.map((column) => `coalesce(${column}::text, '\\N')`);
  return `coalesce(sum(pg_catalog.hashtextextended(${texts.join(` || '|' || `)}, 0)::numeric), 0)::text`;
}
