/** Reports two days of fares that this service wrote into the warehouse, one of them failed. Run it as often as you like. */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { createEmitter, type OutgoingEvent } from 'reefline/client';

const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await Connection.connect(connectionOptions);
const emitter = createEmitter({ client: new Client({ connection, namespace }), router: 'orders' });

const fares = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' } as const;
const events: OutgoingEvent[] = [
  { ...fares, timelabel: '20200303000000', status: 'SUCCESS', rows: 1204 },
  { ...fares, timelabel: '20200304000000', status: 'FAILURE', error: 'The partner sent no file.' },
];

console.log(await emitter.emit(events));
await connection.close();
