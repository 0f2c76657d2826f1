import { openSyncShop } from '../../test/support/sync-shop.ts';
import type { Recorder } from './recorder.ts';

/** Records `historicalSync.started` (finds labels and starts their backfill) and `historicalSync.held` (plans it paused). */
export async function recordSyncs({ write }: Recorder): Promise<void> {
  const shop = await openSyncShop('recording_syncs', [{ table: 'orders' }]);
  try {
    await shop.source(`create table orders (id int8 primary key, at timestamptz);
      insert into orders values (1, '2010-01-01 00:10Z'), (2, '2010-01-01 01:10Z')`);
    await shop.sync('started', { stage: 'p.fetch_orders', kind: 'full' });
    await write(shop.engine, 'historicalSync.started', 'sync/started');
    await shop.sync('held', { stage: 'p.fetch_orders', kind: 'key_list', keys: ['1'], hold: true });
    await write(shop.engine, 'historicalSync.held', 'sync/held');
  } finally {
    await shop.close();
  }
}
