/**
 * Snowflake folds names without quotes to upper case, PostgreSQL to lower case. Every letter of a name is stored in the
 * other case, which turns the one rule into the other: `orders` means ORDERS here and orders there, "Id" is kept as "iD".
 * The mapping is its own inverse. Only ASCII letters, as folding goes.
 */
export function otherCase(name: string): string {
  return name.replaceAll(/[A-Za-z]/g, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

/** A name of Snowflake as PostgreSQL takes it. */
export function quotedForPostgres(snowflakeName: string): string {
  return `"${otherCase(snowflakeName).replaceAll('"', '""')}"`;
}
