import { createHash } from 'node:crypto';

/** Group and deduplication id have at most so many characters, of these (AWS, "Amazon SQS API reference", SendMessage). */
const ACCEPTED = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;

/** The name of a FIFO queue, and no other, ends so (AWS, "Amazon SQS Developer Guide", FIFO queues). */
export function isFifo(queueUrl: string): boolean {
  return queueUrl.endsWith('.fifo');
}

/** The text itself when SQS takes it as an id, else its SHA-256: alike texts get alike ids. */
export function fifoId(text: string): string {
  return ACCEPTED.test(text) ? text : createHash('sha256').update(text).digest('hex');
}
