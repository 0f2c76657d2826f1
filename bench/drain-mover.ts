/** The process that takes what endpoints are owed out of the catalog, for a receiver that takes everything at once, and says what it cost. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { forwardEvents, type Forwarded } from '../activities/forward-events.ts';
import { connectCatalog } from '../catalog/connect.ts';
import type { Sender } from '../pipeline/outgoing.ts';
import { cpuSeconds } from './cpu.ts';

export interface DrainRequest {
  readonly catalogUrl: string;
  /** One after the other. */
  readonly endpoints: readonly string[];
  /** Messages of each endpoint after which it is left; it may have got a few more. */
  readonly enough: number;
  readonly ordered: boolean;
}

export interface DrainReport {
  readonly messages: number;
  /** Microseconds for each message: of the catalog's sessions, and of this process. */
  readonly catalogCpu: number;
  readonly ownCpu: number;
  /** Peak of the process, in MiB. */
  readonly rss: number;
}

const { catalogUrl, endpoints, enough, ordered } = JSON.parse(process.argv[2] ?? '{}') as DrainRequest;
const db = connectCatalog(catalogUrl, 4);
/** Process ids of the sessions, which are there until the pool ends. */
const sessions: number[] = [];
db.on('connect', (client) => {
  sessions.push((client as unknown as { readonly processID: number }).processID);
});
const send: Sender['send'] = (messages) =>
  Promise.resolve(new Map(messages.map(({ id }) => [id, { id, messageId: 'taken', error: null }])));
let messages = 0;
for (const name of endpoints) messages += await drain(name);
const { user, system } = process.cpuUsage();
const report: DrainReport = {
  messages,
  catalogCpu: (sessions.reduce((sum, pid) => sum + cpuSeconds(pid), 0) * 1e6) / messages,
  ownCpu: (user + system) / messages,
  rss: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(JSON.stringify(report));
await db.end();

async function drain(name: string): Promise<number> {
  const forwarding = { db, sender: () => ({ ordered, send }), redact: (text: string) => text };
  const call = (): Promise<Forwarded> => forwardEvents(forwarding, name);
  for (let sum = 0; ;) {
    const { delivered, nextDueSeconds } = await new MockActivityEnvironment().run<[], Forwarded, typeof call>(
      call,
    );
    sum += delivered;
    if (nextDueSeconds === null || sum >= enough) return sum;
  }
}
