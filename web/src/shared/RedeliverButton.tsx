import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMay } from '../api/session_context';
import { useRedeliverToEndpoint, type WebhookDelivery } from '../api/webhooks';
import { failureOf } from '../ui/failure';

// Starts a delivery again; disabled while it still goes on by itself.
export function RedeliverButton({ delivery }: { delivery: WebhookDelivery }) {
  const redeliver = useRedeliverToEndpoint();
  const may = useMay('manage');
  const ended = delivery.state === 'EXHAUSTED' || delivery.state === 'DELIVERED';
  const again = () =>
    redeliver.mutate([delivery.id], {
      onSuccess: ({ refused, failure }) =>
        notifications.show(
          refused > 0
            ? { color: 'red', title: 'Not redelivered', message: failureOf(failure, '').detail }
            : { message: 'The delivery is started again.' },
        ),
    });
  return (
    <Button
      size="compact-xs"
      variant="default"
      disabled={!may || !ended || redeliver.isPending}
      title={ended ? undefined : 'It is still tried by itself'}
      aria-label={`Redeliver ${delivery.type} ${delivery.id}`}
      onClick={again}
    >
      Redeliver
    </Button>
  );
}
