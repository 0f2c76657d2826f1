import type { OutgoingMessage, Sender, SendResult, SendResults } from '../../pipeline/outgoing.ts';
import { addressProblem } from '../../pipeline/webhook-address.ts';
import type { AllowedReceivers } from './allowed-receivers.ts';
import { postTo } from './post.ts';
import { refusing } from './refusing.ts';
import { readSecrets, signature, webhookId } from './signature.ts';

/** References resolved. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
  readonly contentType: string;
  readonly allowed: AllowedReceivers;
}

/** Requests that are under way at once, to one receiver. */
const PARALLEL = 8;
/** What the convention recommends is 15 to 30 s (Standard Webhooks, "Request timeouts"). */
const TIMEOUT_MS = 15_000;
const NO_SECRET =
  'secret: this is no secret of a webhook; make one with: echo "whsec_$(openssl rand -base64 32)", and give it to the receiver, too.';

/**
 * Sends each message in a request of its own, signed by the convention of Standard Webhooks. Those of one group go one after the other,
 * those of different groups side by side. An answer that is not about its message (the receiver is away, or wants to be left alone) ends the
 * sending. What was tried in vain is not waited for: messages that come later may overtake it.
 */
export function createWebhook({ url, secret, contentType, allowed }: WebhookSettings): Sender {
  const problem = addressProblem(url);
  if (problem !== undefined) return refusing(`url: ${problem.problem}; ${problem.cure}.`);
  const keys = readSecrets(secret);
  if (keys === undefined) return refusing(NO_SECRET);
  const post = postTo(new URL(url), allowed);
  const sendOne = async ({ id, body, attributes }: OutgoingMessage): Promise<SendResult> => {
    const { traceparent, tracestate } = attributes;
    const seconds = Math.floor(Date.now() / 1000);
    const named = webhookId(id);
    const headers = {
      'content-type': contentType,
      'webhook-id': named,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signature(keys, named, seconds, body),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
    };
    const { text: _, ...posted } = await post(headers, body, TIMEOUT_MS);
    return { id, messageId: null, ...posted };
  };
  return { ordered: false, send: (messages, time) => sendSideBySide(messages, time, sendOne) };
}

async function sendSideBySide(
  messages: readonly OutgoingMessage[],
  time: AbortSignal,
  sendOne: (message: OutgoingMessage) => Promise<SendResult>,
): Promise<SendResults> {
  const groups = [...Map.groupBy(messages, ({ group }) => group).values()];
  const results = new Map<string, SendResult>();
  let ended = false;
  const lane = async (): Promise<void> => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      for (const message of group) {
        if (ended || time.aborted) return;
        const result = await sendOne(message);
        results.set(message.id, result);
        ended ||= concernsAll(result);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  return results;
}

/** True when the next message would fare no better. */
function concernsAll({ error, final }: SendResult): boolean {
  return error !== null && error.failureClass !== 'rejected' && final !== true;
}
