import { parseAllowedReceivers } from '../../connectors/webhook/allowed-receivers.ts';
import { createSlack } from '../../connectors/webhook/slack.ts';
import { contract } from './contract.ts';
import { httpAnswer, openHttpReceiver } from './environment/http-receiver.ts';
import { scrapsOf } from './environment/scraps.ts';
import { receiverChecks, type ReceiverUnderTest } from './kinds/receiver.ts';

const HERE = parseAllowedReceivers('127.0.0.1');

contract('slack', 'receiver', () => {
  const scraps = scrapsOf('slack');
  const underTest: ReceiverUnderTest = {
    answers: httpAnswer,
    // An archived channel answers 410, and its owner can take it back.
    classes: [
      [302, 'invalid_config', false],
      [404, 'not_found', false],
      [410, 'not_found', false],
      [400, 'rejected', false],
      [500, 'unavailable', false],
    ],
    async receiver() {
      const { url, ...seen } = await openHttpReceiver(scraps, ({ body }) => {
        const { text } = JSON.parse(body) as { text?: unknown };
        return typeof text === 'string' ? { id: text, text } : undefined;
      });
      const sender = (): ReturnType<typeof createSlack> =>
        createSlack({ url, allowed: HERE }, () => Promise.resolve());
      return {
        ...seen,
        sender,
        owe: () => Promise.reject(new Error('What a channel is told is no event.')),
      };
    },
  };
  return receiverChecks(() => underTest, false);
});
