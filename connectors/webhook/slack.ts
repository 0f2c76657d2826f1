import { setTimeout } from 'node:timers/promises';
import type { OutgoingMessage, Sender, SendResult } from '../../pipeline/outgoing.ts';
import { addressProblem } from '../../pipeline/webhook-address.ts';
import type { AllowedReceivers } from './allowed-receivers.ts';
import { postTo, type Posted } from './post.ts';
import { refusing } from './refusing.ts';

/** Slack takes a message a second of a webhook, and short bursts (Slack, "Rate limits", posting messages). */
const PAUSE_MS = 1_000;
const TIMEOUT_MS = 15_000;
/** So many messages that wait are sent one by one; more come together, or a channel would be flooded for minutes. */
const MOST_SINGLE = 10;
/** Events in one message: as many as a person reads, and far from the 40,000 characters after which Slack cuts a text. */
const MOST_TOGETHER = 20;
/** The answer of Slack is one word, such as no_service. */
const WORD = /^[a-z_]{1,60}$/;

/**
 * Posts messages to an incoming webhook of Slack, one a second, in their order. When more than ten wait, up to twenty come in one request
 * that says how many they are and has the first line of each: it is taken or not for all of them. `wait` takes milliseconds.
 */
export function createSlack(
  { url, allowed }: { readonly url: string; readonly allowed: AllowedReceivers },
  wait: (milliseconds: number) => Promise<unknown> = setTimeout,
): Sender {
  const problem = addressProblem(url);
  if (problem !== undefined) return refusing(`url: ${problem.problem}; ${problem.cure}.`);
  const post = postTo(new URL(url), allowed);
  let free = 0;
  const postOne = async (together: readonly OutgoingMessage[]): Promise<Posted> => {
    const early = free - Date.now();
    if (early > 0) await wait(early);
    free = Date.now() + PAUSE_MS;
    const body = JSON.stringify({ text: textOf(together), unfurl_links: false, unfurl_media: false });
    return post({ 'content-type': 'application/json; charset=utf-8' }, body, TIMEOUT_MS);
  };
  return {
    ordered: false,
    async send(messages, time) {
      const results = new Map<string, SendResult>();
      const waiting = partsOf(messages);
      for (let part = waiting.shift(); part !== undefined && !time.aborted; part = waiting.shift()) {
        const posted = await postOne(part);
        const refused = posted.error?.failureClass === 'rejected';
        // One that Slack does not take must not take the others with it.
        if (refused && part.length > 1) waiting.unshift(...part.map((message) => [message]));
        else for (const { id } of part) results.set(id, resultOf(id, posted));
        if (posted.error !== null && !refused) break;
      }
      return results;
    },
  };
}

function partsOf(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const size = messages.length > MOST_SINGLE ? MOST_TOGETHER : 1;
  return Array.from({ length: Math.ceil(messages.length / size) }, (_, at) =>
    messages.slice(at * size, (at + 1) * size),
  );
}

function textOf(together: readonly OutgoingMessage[]): string {
  const [first] = together;
  if (first !== undefined && together.length === 1) return first.body;
  const lines = together.map(({ body }) => `• ${body.split('\n', 1)[0] ?? ''}`);
  const more = '`reefline why <dataset> <label>` tells more of each.';
  const head = `*${String(together.length)} events* in one message, because many wait:`;
  return [head, ...lines, more.replaceAll('<', '&lt;').replaceAll('>', '&gt;')].join('\n');
}

/** An archived channel answers 410, and its owner can take it back: such a message is tried again, too. */
function resultOf(id: string, { error, retryAfter, text }: Posted): SendResult {
  const word = WORD.test(text) ? ` Slack says ${text}.` : '';
  return {
    id,
    messageId: null,
    error: error === null ? null : { ...error, message: `${error.message}${word}` },
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
