import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Reads events for ever. `handle` must do no harm when it gets an event twice; when it throws, the message comes again. */
export async function consume(
  sqs: SQSClient,
  QueueUrl: string,
  handle: (eventId: string, message: unknown) => Promise<void>,
): Promise<never> {
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        MessageAttributeNames: ['eventId', 'event_type'],
      }),
    );
    for (const { Body = '{}', MessageAttributes, ReceiptHandle } of Messages) {
      const probe = MessageAttributes?.['event_type']?.StringValue === 'probe';
      if (!probe) await handle(MessageAttributes?.['eventId']?.StringValue ?? '', JSON.parse(Body));
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}
