/** An identifier in double quotes, as PostgreSQL reads it whatever it contains. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
