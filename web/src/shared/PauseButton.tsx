import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { type Queue, usePauseQueue } from '../api/queues';
import { useMay } from '../api/session_context';
import { IconPlayerPause, IconPlayerPlay } from '../theme/icons';
import { CurlButton } from '../ui/CurlButton';
import type { CurlCall } from '../ui/curl';
import { failureOf } from '../ui/failure';

// Pauses with a reason, or resumes; either can be undone from its toast.
export function PauseButton({ queue }: { queue: Queue }) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const pause = usePauseQueue();
  const may = useMay('manage');
  const set = async (paused: boolean, why: string, undoable: boolean) => {
    try {
      await pause.mutateAsync({ queue: queue.name, paused, ...(why ? { reason: why } : {}) });
    } catch (error) {
      const failure = failureOf(error, paused ? 'Not paused' : 'Not resumed');
      notifications.show({ color: 'red', title: failure.what, message: failure.detail });
      return;
    }
    const id = `queue-${queue.name}`;
    notifications.hide(id);
    notifications.show({
      id: undoable ? id : `${id}-undone`,
      message: (
        <Group justify="space-between" wrap="nowrap">
          <span>
            {paused ? 'Paused' : 'Resumed'} <bdi>{queue.name}</bdi>.
          </span>
          {undoable && (
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => {
                notifications.hide(id);
                void set(!paused, paused ? '' : (queue.pauseReason ?? ''), false);
              }}
            >
              Undo
            </Button>
          )}
        </Group>
      ),
    });
  };
  const call: CurlCall = {
    method: 'POST',
    path: `/api/v1/queues/${encodeURIComponent(queue.name)}/pause`,
    body: JSON.stringify(reason ? { reason } : {}),
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsking(false);
    void set(true, reason, true);
    setReason('');
  };
  return (
    <>
      <Button
        size="xs"
        variant="default"
        w={112}
        disabled={!may}
        loading={pause.isPending}
        title={may ? undefined : 'Needs the scope manage'}
        aria-label={`${queue.paused ? 'Resume' : 'Pause'} ${queue.name}`}
        leftSection={queue.paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
        onClick={() => (queue.paused ? void set(false, '', true) : setAsking(true))}
      >
        {queue.paused ? 'Resume' : 'Pause'}
      </Button>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Pause the queue ${queue.name}?`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form onSubmit={submit}>
          <Stack>
            <Text size="sm">
              Nothing of it starts until it is resumed; what runs goes on. Anybody with the scope
              manage may resume it.
            </Text>
            <TextInput
              label="Reason"
              description="Shown beside the queue, and where its tasks wait"
              value={reason}
              maxLength={256}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <Group justify="flex-end">
              <CurlButton call={call} />
              <Button variant="default" data-autofocus onClick={() => setAsking(false)}>
                Keep it running
              </Button>
              <Button type="submit">Pause {queue.name}</Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
