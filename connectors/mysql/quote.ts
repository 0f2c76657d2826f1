/** An identifier in backticks, as MySQL and MariaDB read it in every SQL mode, whatever it contains. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
