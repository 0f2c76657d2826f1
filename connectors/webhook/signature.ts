import { createHmac } from 'node:crypto';

/** Of bytes, as the convention has it (Standard Webhooks 1.0.0, "Signature scheme"). */
const SHORTEST = 24;
const LONGEST = 64;

/**
 * The keys of the secrets in a text: one, or several with spaces between them while the receiver changes from one to the next.
 * Undefined when one of them is no `whsec_` and base64 of 24 to 64 bytes.
 */
export function readSecrets(text: string): readonly Buffer[] | undefined {
  const keys = text
    .trim()
    .split(/\s+/)
    .flatMap((secret) => {
      const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
      const key = Buffer.from(base64 ?? '', 'base64');
      return key.length >= SHORTEST && key.length <= LONGEST ? [key] : [undefined];
    });
  return keys.some((key) => key === undefined) ? undefined : (keys as Buffer[]);
}

/**
 * The event's id as a header takes it, and without the full stops that separate what is signed: both are percent-encoded, and
 * `decodeURIComponent` gives the event's id back.
 */
export function webhookId(eventId: string): string {
  return encodeURIComponent(eventId).replaceAll('%2F', '/').replaceAll('.', '%2E');
}

/** `webhook-signature`: one signature for each key. `seconds` since 1970 are those of the attempt. */
export function signature(keys: readonly Buffer[], id: string, seconds: number, body: string): string {
  return keys
    .map((key) => {
      const signed = createHmac('sha256', key).update(`${id}.${String(seconds)}.${body}`);
      return `v1,${signed.digest('base64')}`;
    })
    .join(' ');
}
