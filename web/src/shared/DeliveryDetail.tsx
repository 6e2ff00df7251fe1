import { Code, Group, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { indented } from '../api/raw_json';
import { useEndpointDelivery } from '../api/webhooks';
import { failureOf } from '../ui/failure';
import { JsonView } from '../ui/JsonView';
import { FailedFirst, SkeletonRows } from '../ui/ListState';
import { Duration, TimeText } from '../ui/TimeText';
import { SignatureCheck } from './SignatureCheck';
import { answerWords } from './states';

// One delivery: what was sent, each attempt, and what comes next.
export function DeliveryDetail({ deliveryId }: { deliveryId: string }) {
  const found = useEndpointDelivery(deliveryId);
  if (!found.data)
    return found.error ? (
      <FailedFirst
        failure={failureOf(found.error, 'The delivery could not be read')}
        onRetry={() => void found.refetch()}
      />
    ) : (
      <SkeletonRows rows={4} />
    );
  const { delivery, body } = found.data;
  return (
    <Stack gap="sm" className="card">
      <Group gap="md">
        <Text size="sm">
          <span className="mono">{delivery.id}</span>
        </Text>
        {delivery.taskId && (
          <Text size="sm">
            Event {delivery.sequence} of <Link href={`/tasks/${delivery.taskId}`}>its task</Link>
          </Text>
        )}
        {delivery.nextAttemptAt && (
          <Text size="sm">
            Next attempt <TimeText at={delivery.nextAttemptAt} />
          </Text>
        )}
      </Group>
      <h3>Attempts</h3>
      {delivery.attemptLog.length === 0 && (
        <Text size="sm">
          {delivery.state === 'HELD'
            ? 'None yet: an earlier event of the same task is delivered first.'
            : 'None yet.'}
        </Text>
      )}
      {delivery.attemptLog.map((attempt) => (
        <div key={`${attempt.number}-${attempt.at}`}>
          <Text size="sm">
            {attempt.number}. <TimeText at={attempt.at} exact />,{' '}
            <Duration ms={attempt.durationMs} />
            {', '}
            {answerWords(attempt)}
          </Text>
          {attempt.answer !== '' && (
            <Code block tabIndex={0} mah={160}>
              <bdi>{attempt.answer}</bdi>
            </Code>
          )}
        </div>
      ))}
      <h3>Body</h3>
      <JsonView text={indented(body)} label="Body of the delivery" />
      <Text size="sm">
        Sent with the headers webhook-id, webhook-timestamp (of each attempt) and webhook-signature.
        The signatures sent are not kept.
      </Text>
      <details>
        <summary>Check a signature</summary>
        <SignatureCheck id={delivery.id} body={body} />
      </details>
    </Stack>
  );
}
