import { beforeAll } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { parseAllowedReceivers } from '../../connectors/webhook/allowed-receivers.ts';
import { createWebhook } from '../../connectors/webhook/send.ts';
import { contract } from './contract.ts';
import { httpAnswer, openHttpReceiver } from './environment/http-receiver.ts';
import { openOutbox, type Outbox } from './environment/outbox.ts';
import { scrapsOf } from './environment/scraps.ts';
import { receiverChecks, type ReceiverUnderTest } from './kinds/receiver.ts';

const HERE = parseAllowedReceivers('127.0.0.1');
const SECRET = `whsec_${Buffer.alloc(32, 'contract').toString('base64')}`;

contract('webhook', 'receiver', () => {
  const scraps = scrapsOf('webhook');
  let outbox: Outbox;
  let receivers = 0;
  beforeAll(async () => {
    outbox = await openOutbox(scraps);
  });
  const underTest: ReceiverUnderTest = {
    answers: httpAnswer,
    classes: [
      [301, 'invalid_config', false],
      [404, 'not_found', false],
      [410, 'not_found', true],
      [408, 'timeout', false],
      [422, 'rejected', false],
      [500, 'unavailable', false],
    ],
    async receiver() {
      receivers += 1;
      const name = `hook_${String(receivers)}`;
      // What the library of the convention does not accept has not arrived.
      const { url, ...seen } = await openHttpReceiver(scraps, ({ headers, body }) => {
        try {
          new Webhook(SECRET).verify(body, headers as Record<string, string>, { jsonParse: false });
        } catch {
          return undefined;
        }
        return { id: String(headers['webhook-id']), text: body };
      });
      const sender = (): ReturnType<typeof createWebhook> =>
        createWebhook({ url, secret: SECRET, contentType: 'application/json', allowed: HERE });
      return {
        ...seen,
        sender,
        owe: (bodies) => outbox.owe({ name, kind: 'webhook', url, secret: SECRET }, sender, bodies),
      };
    },
  };
  return receiverChecks(() => underTest, true);
});
