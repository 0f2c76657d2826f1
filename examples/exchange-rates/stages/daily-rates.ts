import pg from 'pg';
import { type Stage, StageFailure, type StageRun, type StageTools } from 'reefline/stage';
import { askRates } from './ask-rates.ts';

/** Writes the exchange rate of each currency in which the payments of a day were made. */
const dailyRates: Stage = async (run, tools) => {
  const { api, base } = run.options;
  if (typeof api !== 'string' || typeof base !== 'string')
    throw new StageFailure('invalid_config', `${run.stage} needs the options api and base, both texts.`);
  const day = new Date(run.interval.start).toISOString().slice(0, 10);
  const db = await connect(run, tools);
  try {
    const found = await db.query<{ currency: string }>(
      'select distinct currency from payments where day = $1 and currency <> $2 order by 1',
      [day, base],
    );
    const currencies = found.rows.map(({ currency }) => currency);
    const rates =
      currencies.length === 0
        ? new Map<string, number>()
        : await askRates(api, { day, base, currencies }, tools.signal);
    // Nobody may write for a run that was cancelled meanwhile.
    tools.signal.throwIfAborted();
    await replaceDay(db, day, run.revision, rates);
    return {
      rows: rates.size,
      columns: [
        { name: 'day', type: { kind: 'date' }, nullable: false },
        { name: 'currency', type: { kind: 'text' }, nullable: false },
        { name: 'rate', type: { kind: 'decimal', precision: 20, scale: 10 }, nullable: false },
      ],
    };
  } finally {
    await db.end();
  }
};
export default dailyRates;

async function connect(run: StageRun, tools: StageTools): Promise<pg.Client> {
  const shop = tools.connection('shop');
  if (shop.kind !== 'postgres')
    throw new StageFailure('invalid_config', `${run.stage} writes to PostgreSQL, and shop is ${shop.kind}.`);
  const db = new pg.Client({ connectionString: shop.url });
  await db.connect().catch((error: unknown) => {
    throw new StageFailure('unavailable', 'The database of the shop does not answer.', { cause: error });
  });
  return db;
}

/**
 * All or nothing in one transaction, and the same again when it is repeated. An attempt that was given up may still be
 * at work; the lock lets one write at a time, and the revision keeps an old one from overwriting a newer.
 */
async function replaceDay(
  db: pg.Client,
  day: string,
  revision: number,
  rates: ReadonlyMap<string, number>,
): Promise<void> {
  await db.query('begin');
  await db.query('lock table daily_rates in share row exclusive mode');
  await db.query('delete from daily_rates where day = $1 and revision <= $2', [day, revision]);
  await db.query(
    `insert into daily_rates select $1, currency, rate, $2 from unnest($3::text[], $4::numeric[]) as new (currency, rate)
     where not exists (select from daily_rates where day = $1)`,
    [day, revision, [...rates.keys()], [...rates.values()]],
  );
  await db.query('commit');
}
