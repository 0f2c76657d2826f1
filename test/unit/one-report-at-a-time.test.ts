import { describe, expect, test } from '@jest/globals';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import { oneReportAtATime } from '../../workers/one-report-at-a-time.ts';

/** Only its identity and size matter here. */
function event(eventId: string, text = ''): ReeflineEvent {
  return { event_type: 'data', eventId, uri: text } as unknown as ReeflineEvent;
}

interface Sent {
  readonly pipeline: string;
  readonly ids: readonly string[];
  readonly end: (error?: Error) => void;
}

function recorder(): {
  sent: Sent[];
  send: (pipeline: string, events: readonly ReeflineEvent[]) => Promise<void>;
} {
  const sent: Sent[] = [];
  return {
    sent,
    send: (pipeline, events) =>
      new Promise((resolve, reject) => {
        sent.push({
          pipeline,
          ids: events.map(({ eventId }) => eventId),
          end: (error) => (error === undefined ? resolve() : reject(error)),
        });
      }),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('reports', () => {
  test('the first event is sent at once, and those that come meanwhile go together in the next one', async () => {
    const { sent, send } = recorder();
    const report = oneReportAtATime(send);
    const done = ['a', 'b', 'c'].map((id) => report('p', [event(id)]));
    expect(sent.map(({ ids }) => ids)).toEqual([['a']]);
    sent[0]?.end();
    await turn();
    expect(sent.map(({ ids }) => ids)).toEqual([['a'], ['b', 'c']]);
    sent[1]?.end();
    await Promise.all(done);
    const later = report('p', [event('d')]);
    expect(sent.at(-1)?.ids).toEqual(['d']);
    sent.at(-1)?.end();
    await later;
  });

  test('pipelines do not wait for each other', () => {
    const { sent, send } = recorder();
    const report = oneReportAtATime(send);
    void report('p', [event('a')]);
    void report('q', [event('b')]);
    expect(sent.map(({ pipeline }) => pipeline)).toEqual(['p', 'q']);
  });

  test('everybody whose events were in a report that failed hears of it, and nobody else', async () => {
    const { sent, send } = recorder();
    const report = oneReportAtATime(send);
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map((id) => report('p', [event(id)])));
    sent[0]?.end(new Error('away'));
    await turn();
    sent[1]?.end();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  test('no signal grows beyond what the server takes, and none is lost', async () => {
    const { sent, send } = recorder();
    const report = oneReportAtATime(send);
    const ids = Array.from({ length: 12 }, (_, index) => `e${String(index)}`);
    const done = ids.map((id) => report('p', [event(id, 'x'.repeat(200_000))]));
    for (let index = 0; index < sent.length; index += 1) {
      expect(sent[index]?.ids.length).toBeLessThanOrEqual(2);
      sent[index]?.end();
      await turn();
    }
    await Promise.all(done);
    expect(sent.flatMap((entry) => entry.ids)).toEqual(ids);
  });
});
