type Environment = Readonly<Record<string, string | undefined>>;

const REDSHIFT = [
  ['REEFLINE_CONTRACT_REDSHIFT_DATABASE'],
  ['REEFLINE_CONTRACT_REDSHIFT_WORKGROUP', 'REEFLINE_CONTRACT_REDSHIFT_CLUSTER'],
];

/** What a connector cannot be tested without, beside credentials; of alternatives, one is enough. */
const NEEDED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  postgres: [['REEFLINE_CONTRACT_POSTGRES_URL']],
  mysql: [['REEFLINE_CONTRACT_MYSQL_URL']],
  'postgres-publish': [['REEFLINE_CONTRACT_POSTGRES_URL'], ...REDSHIFT],
  salesforce: [
    ...['LOGIN_URL', 'CLIENT_ID', 'CLIENT_SECRET'].map((name) => [`REEFLINE_CONTRACT_SALESFORCE_${name}`]),
    ...REDSHIFT,
  ],
  redshift: REDSHIFT,
  snowflake: ['ACCOUNT', 'USER', 'PASSWORD', 'WAREHOUSE', 'STORAGE_ROLE'].map((name) => [
    `REEFLINE_CONTRACT_SNOWFLAKE_${name}`,
  ]),
};

/** Variables of the run itself, which name no endpoint. */
const OF_THE_RUN = /^REEFLINE_CONTRACT_(ASKED|WHY_NOT|CATALOG_URL)$/u;

/** Names of the variables that name endpoints. A profile or keys alone name none: they are set on many machines for other work. */
export function findOutside(environment: Environment): readonly string[] {
  return Object.keys(environment)
    .filter((name) => /^(AWS_ENDPOINT_URL|REEFLINE_CONTRACT_)/u.test(name) && !OF_THE_RUN.test(name))
    .filter((name) => environment[name] !== '')
    .sort();
}

/**
 * By connector, the variables that are missing for it.
 * @throws when a connector was asked for by name and cannot be tested.
 */
export function missingOutside(
  environment: Environment,
  asked: readonly string[],
): Readonly<Record<string, string>> {
  const missing: Record<string, string> = {};
  for (const [connector, needs] of Object.entries(NEEDED)) {
    const absent = needs.filter((names) => names.every((name) => (environment[name] ?? '') === ''));
    if (absent.length === 0) continue;
    missing[connector] = `${absent.map((names) => names.join(' or ')).join(' and ')} is not set.`;
  }
  refuseAbsent(missing, asked);
  return missing;
}

/** @throws when one of these connectors was asked for by name. */
export function refuseAbsent(reasons: Readonly<Record<string, string>>, asked: readonly string[]): void {
  const connector = asked.find((name) => reasons[name] !== undefined);
  if (connector === undefined) return;
  throw new Error(`The connector ${connector} cannot be tested: ${reasons[connector] ?? ''}`);
}
