import { Alert, Button, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { isProblem } from '../../api/problem';
import { type Queue, type QueueSettings, useChangeQueue } from '../../api/queues';
import { useMay } from '../../api/session_context';
import { CurlButton } from '../../ui/CurlButton';
import { failureOf } from '../../ui/failure';
import { limitEffect } from './rates';
import { type Amount, changeOf, draftOf, type SettingsDraft } from './settings';

const NUMBERS = {
  concurrencyLimit: { words: 'At once, at most', min: 1, max: 100_000, empty: 'no limit' },
  timeoutMs: { words: 'Timeout, ms', min: 100, max: 86_400_000, empty: "service's" },
  agingMs: { words: 'Aging, ms', min: 1_000, max: 86_400_000, empty: '60000' },
  maxAttempts: { words: 'Attempts', min: 1, max: 100, empty: '3' },
  initialMs: { words: 'First wait, ms', min: 0, max: 86_400_000, empty: '1000' },
  maxMs: { words: 'Longest wait, ms', min: 0, max: 86_400_000, empty: '3600000' },
  jitter: { words: 'Jitter, 0 to 1', min: 0, max: 1, empty: '0.2' },
} as const;
type NumberField = keyof typeof NUMBERS;

// What holds for tasks of the queue that do not say otherwise. An emptied field resets it.
export function SettingsForm({ queue, runMs }: { queue: Queue; runMs: number | null }) {
  // What the form began with: a refresh of the queue does not undo what is being typed.
  const [before, setBefore] = useState(() => draftOf(queue));
  const [draft, setDraft] = useState(before);
  const save = useChangeQueue();
  const may = useMay('manage');
  const set = (part: Partial<SettingsDraft>) => {
    save.reset();
    setDraft((last) => ({ ...last, ...part }));
  };
  const change = changeOf(before, draft, queue);
  const changed = Object.keys(change).length > 0;
  const faults = isProblem(save.error) ? save.error.faults : [];
  const faultAt = (pointer: string) =>
    faults.find((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`))?.detail;
  const failure = save.error ? failureOf(save.error, 'Not saved') : null;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const saved = await save.mutateAsync({
        queue: queue.name,
        change: change as QueueSettings,
      });
      setBefore(draftOf(saved));
      setDraft(draftOf(saved));
      notifications.show({ message: `Saved the settings of ${queue.name}.` });
    } catch {
      // Told below the form, from the mutation.
    }
  };
  const number = (field: NumberField, pointer: string) => (
    <NumberInput
      w={160}
      label={NUMBERS[field].words}
      placeholder={NUMBERS[field].empty}
      min={NUMBERS[field].min}
      max={NUMBERS[field].max}
      clampBehavior="none"
      disabled={!may}
      value={draft[field]}
      error={faultAt(pointer)}
      onChange={(value) => set({ [field]: (typeof value === 'number' ? value : '') as Amount })}
    />
  );
  const limit = draft.concurrencyLimit === '' ? null : draft.concurrencyLimit;
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm" maw={720}>
        <h2>Settings</h2>
        <Group align="flex-start">
          {number('concurrencyLimit', '/concurrencyLimit')}
          {number('timeoutMs', '/timeoutMs')}
          {number('agingMs', '/agingMs')}
        </Group>
        <Text size="sm" aria-live="polite">
          {limitEffect(limit, queue.pending, runMs)} Waiting {draft.agingMs || 60_000} ms outweighs
          one level of priority.
        </Text>
        <Group align="flex-start">
          <Select
            w={160}
            label="Default target"
            allowDeselect={false}
            disabled={!may}
            data={[
              { value: 'none', label: 'none of its own' },
              { value: 'worker', label: 'worker' },
              { value: 'http', label: 'http' },
              { value: 'echo', label: 'echo' },
            ]}
            value={draft.target}
            error={draft.target === 'http' ? undefined : faultAt('/defaultTarget')}
            onChange={(target) => target && set({ target: target as SettingsDraft['target'] })}
          />
          {draft.target === 'http' && (
            <TextInput
              flex={1}
              miw={200}
              label="URL"
              type="url"
              required
              disabled={!may}
              value={draft.url}
              error={faultAt('/defaultTarget')}
              onChange={(event) => set({ url: event.currentTarget.value })}
            />
          )}
        </Group>
        <h3>Retry</h3>
        <Group align="flex-start">
          {number('maxAttempts', '/retry/maxAttempts')}
          <Select
            w={160}
            label="Backoff"
            placeholder="exponential"
            clearable
            clearButtonProps={{ 'aria-label': 'Clear the backoff' }}
            disabled={!may}
            data={['exponential', 'linear', 'fixed']}
            value={draft.backoff || null}
            error={faultAt('/retry/backoff')}
            onChange={(backoff) => set({ backoff: backoff ?? '' })}
          />
          {number('initialMs', '/retry/initialMs')}
          {number('maxMs', '/retry/maxMs')}
          {number('jitter', '/retry/jitter')}
        </Group>
        {failure && (
          <Alert color="red" variant="outline" role="alert" title={failure.what}>
            {failure.detail}
          </Alert>
        )}
        <Group>
          <Button type="submit" disabled={!may || !changed} loading={save.isPending}>
            Save settings
          </Button>
          <CurlButton
            call={{
              method: 'PUT',
              path: `/api/v1/queues/${encodeURIComponent(queue.name)}`,
              body: JSON.stringify(change),
            }}
          />
          {!may && <Text size="sm">Needs the scope manage.</Text>}
        </Group>
      </Stack>
    </form>
  );
}
