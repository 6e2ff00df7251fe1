import { Group, NumberInput, Select, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { Amount } from './draft';
import type { FormPart } from './form';

const amount = (value: string | number): Amount => (typeof value === 'number' ? value : '');

// What most tasks do not need: everything here has a default.
export default function MoreFields({ draft, change, faultAt, label }: FormPart) {
  const number = (
    field:
      | 'priority'
      | 'maxAttempts'
      | 'initialMs'
      | 'maxMs'
      | 'jitter'
      | 'timeoutMs'
      | 'targetTimeoutMs',
    words: string,
    pointer: string,
    placeholder: string,
    bounds: { min: number; max: number; step?: number },
  ) => (
    <NumberInput
      w={150}
      label={label(words, pointer.split('/')[1] ?? '')}
      placeholder={placeholder}
      value={draft[field]}
      error={faultAt(pointer)}
      onChange={(value) => change({ [field]: amount(value) })}
      clampBehavior="none"
      {...bounds}
    />
  );
  return (
    <Stack gap="sm" pt="sm">
      <Group align="flex-start" gap="sm">
        {number('priority', 'Priority', '/priority', '5', { min: 1, max: 10 })}
        {number('timeoutMs', 'Timeout, ms', '/timeoutMs', "queue's", { min: 100, max: 86_400_000 })}
        {draft.target === 'http' &&
          number('targetTimeoutMs', 'Target timeout, ms', '/target/timeoutMs', 'none', {
            min: 100,
            max: 86_400_000,
          })}
        <TextInput
          type="datetime-local"
          label={`${label('Expires', 'expiresAt')} (${draft.zone})`}
          value={draft.expires}
          error={faultAt('/expiresAt')}
          onChange={(event) => change({ expires: event.currentTarget.value })}
        />
      </Group>
      <Group align="flex-start" gap="sm">
        {number('maxAttempts', 'Attempts', '/retry/maxAttempts', '3', { min: 1, max: 100 })}
        <Select
          w={150}
          label={label('Backoff', 'retry')}
          placeholder="exponential"
          clearable
          clearButtonProps={{ 'aria-label': 'Clear the backoff' }}
          data={['exponential', 'linear', 'fixed']}
          value={draft.backoff || null}
          error={faultAt('/retry/backoff')}
          onChange={(backoff) => change({ backoff: backoff ?? '' })}
        />
        {number('initialMs', 'First wait, ms', '/retry/initialMs', '1000', {
          min: 0,
          max: 86_400_000,
        })}
        {number('maxMs', 'Longest wait, ms', '/retry/maxMs', '3600000', {
          min: 0,
          max: 86_400_000,
        })}
        {number('jitter', 'Jitter, 0 to 1', '/retry/jitter', '0.2', { min: 0, max: 1, step: 0.1 })}
      </Group>
      <TagsInput
        label={label('Tags', 'tags')}
        description="Enter or comma ends a tag; at most 16"
        value={draft.tags}
        maxTags={16}
        error={faultAt('/tags')}
        onChange={(tags) => change({ tags })}
      />
      <Textarea
        label={label('Labels', 'labels')}
        description="name=value, one a line; at most 16"
        value={draft.labels}
        error={faultAt('/labels')}
        onChange={(event) => change({ labels: event.currentTarget.value })}
        rows={2}
      />
      <TextInput
        label={label('Callback URL', 'callbackUrl')}
        description="Hears of the end, signed with the tenant's webhook secret"
        value={draft.callbackUrl}
        error={faultAt('/callbackUrl')}
        onChange={(event) => change({ callbackUrl: event.currentTarget.value })}
      />
      {draft.target === 'http' && (
        <Textarea
          label={label('Target headers', 'target')}
          description="Name: value, one a line"
          value={draft.headers}
          error={faultAt('/target/headers')}
          onChange={(event) => change({ headers: event.currentTarget.value })}
          rows={2}
        />
      )}
    </Stack>
  );
}
