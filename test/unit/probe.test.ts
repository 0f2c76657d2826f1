import { describe, expect, test } from '@jest/globals';
import { CloudEvent } from 'cloudevents';
import { probeText } from '../../cli/probe-text.ts';
import type { EndpointDefinition } from '../../pipeline/endpoint.ts';
import { probeEvent, probeMessage } from '../../pipeline/probe.ts';
import { probeEndpoint } from '../../workers/probe-endpoint.ts';

const NOW = Date.UTC(2020, 2, 3, 13, 5);
const PROBE = probeEvent('customers', 'ada', NOW);
const QUEUE = { name: 'customers', kind: 'sqs', queueUrl: 'https://x.invalid' } as const;

describe('a probe', () => {
  test('says in its body and in the attributes of its message that it is none of the events', () => {
    const { body, attributes, id, group } = probeMessage(PROBE, QUEUE);
    expect(JSON.parse(body)).toEqual(PROBE);
    expect(PROBE).toMatchObject({
      event_type: 'probe',
      time: '2020-03-03 13:05:00:000 +00:00',
      sentBy: 'ada',
    });
    expect({ ...attributes, id, group }).toEqual({
      eventId: 'probe/customers/2020-03-03T13:05:00.000Z',
      event_type: 'probe',
      id: 'probe/customers/2020-03-03T13:05:00.000Z',
      group: 'reefline.probe',
    });
  });

  test('is a job that was not run where events are OpenLineage', () => {
    const { body } = probeMessage(PROBE, { ...QUEUE, format: 'openlineage' });
    expect(JSON.parse(body)).toMatchObject({
      eventTime: '2020-03-03T13:05:00.000Z',
      job: { name: 'probe/customers', facets: { documentation: { description: PROBE.text } } },
    });
  });

  test('is a CloudEvent where events are, and a sentence in Slack', () => {
    const message = probeMessage(PROBE, { ...QUEUE, format: 'cloudevents' });
    expect(new CloudEvent(JSON.parse(message.body) as object, true)).toMatchObject({
      type: 'reefline.probe.v1',
      time: '2020-03-03T13:05:00.000Z',
      data: PROBE,
    });
    const slack = probeMessage(PROBE, { name: 'channel', kind: 'slack', url: 'https://x.invalid' });
    expect(slack.body).toMatch(/^This is a probe/);
  });

  test.each<EndpointDefinition>([
    { name: 'partner', kind: 'webhook', url: '${env:URL}', secret: '${env:SECRET}' },
    { name: 'channel', kind: 'slack', url: '${env:URL}' },
  ])(
    'of an endpoint of the kind $kind that cannot be reached says why, in its own words',
    async (endpoint) => {
      const probed = await probeEndpoint(endpoint, { URL: 'no address', SECRET: 'none' }, 'ada', NOW);
      expect(probed).toMatchObject({ delivered: false, queue: null, error: { class: 'invalid_config' } });
      expect(probeText(probed)).toBe(
        `${endpoint.name} did not take the probe.\n${probed.error?.message ?? ''}`,
      );
      await expect(probeEndpoint(endpoint, {}, 'ada', NOW)).rejects.toThrow(/variable URL is not set/);
    },
  );
});
