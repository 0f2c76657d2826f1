import pg from 'pg';

/** Names that the configuration in force knows, for completing what somebody types. */
export interface KnownNames {
  readonly pipelines: readonly string[];
  readonly stages: readonly string[];
  readonly datasets: readonly string[];
}

/**
 * Reads the names within so many milliseconds, over a connection of its own that is gone afterwards.
 * @throws when the catalog does not answer in time, has no schema or no configuration.
 */
export async function readKnownNames(url: string, budget: number): Promise<KnownNames> {
  const end = performance.now() + budget;
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: budget,
    query_timeout: budget,
    application_name: 'reefline',
  });
  // A connection that breaks must not end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (performance.now() > end) throw new Error('The catalog answered too late.');
    const found = await client.query<KnownNames>({
      text: `with version as (select version, project from reefline.config_version order by version desc limit 1)
             select array(select name from reefline.pipeline p where p.config_version = v.version order by name) as pipelines,
                    array(select id from reefline.stage s where s.config_version = v.version order by id) as stages,
                    array(select output from reefline.stage s where s.config_version = v.version
                          union select d->>'dataset' from jsonb_array_elements(v.project->'datasets') d order by 1) as datasets
               from version v`,
    });
    const [names] = found.rows;
    if (names === undefined) throw new Error('The config store is empty.');
    return names;
  } finally {
    await client.end().catch(() => undefined);
  }
}
